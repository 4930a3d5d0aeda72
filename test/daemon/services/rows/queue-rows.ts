import * as assert from 'uvu/assert'
import { json, jsonOf, messageOf, ODD_IDS, type Row, scheduled, startsNothing, type World } from './world.js'

interface Processed {
  readonly hash: string
  readonly index: number
  readonly item: string | null
}

const INVALID = 'INVALID_JOB_REQUEST'
const TOKEN = /^[0-9a-f]{32}$/

async function processed({ request }: World, init: RequestInit): Promise<readonly Processed[]> {
  const response = await request('/api', init)
  const body = (await jsonOf(response)) as {
    readonly message: string
    readonly processing_items: readonly Processed[]
  }
  assert.is(response.status, 200, JSON.stringify(body))
  assert.equal(Object.keys(body), ['message', 'processing_items'])
  assert.is(body.message, 'Itens recebidos para processamento')
  return body.processing_items
}

async function check({ request }: World, token: string): Promise<string> {
  return messageOf(await request(`/check/${token}`), 200)
}

function idOf(token: string): string {
  return token.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** Section 4: a batch in, a token for each item. */
export const QUEUE_ROWS: readonly Row[] = [
  [
    'POST /api with an array: 200 with a token for each item, in the order of the items',
    async world => {
      const items = ['a', 'b', 'a', ''].map(item => ({ item, valor: 0 }))
      const answers = await processed(world, json(items))
      assert.equal(
        answers.map(({ index, item }) => ({ index, item })),
        items.map(({ item }, index) => ({ index, item })),
      )
      for (const answer of answers) {
        assert.equal(Object.keys(answer), ['hash', 'index', 'item'])
        assert.match(answer.hash, TOKEN)
      }
      assert.is(new Set(answers.map(({ hash }) => hash)).size, items.length)
    },
  ],
  [
    'an item that does not fit: INVALID_JOB_REQUEST, its item echoed where it is a string; the others run',
    async world => {
      const odd = [
        'null',
        '5',
        '"text"',
        '[]',
        '[{"item":"in","valor":1}]',
        '{}',
        '{"valor":1}',
        '{"item":"a"}',
        '{"item":"b","valor":"1"}',
        '{"item":"c","valor":-1}',
        '{"item":"d","valor":-1e-9}',
        '{"item":"e","valor":1e999}',
        '{"item":"f","valor":null}',
        '{"item":"g","valor":true}',
        '{"item":5,"valor":1}',
        '{"item":null,"valor":1}',
        '{"item":["h"],"valor":1}',
        '{"Item":"i","valor":1}',
      ]
      const good = '{"item":"good","valor":0.5}'
      const answers = await processed(world, json(`[${odd.flatMap(item => [item, good]).join(',')}]`))
      assert.is(answers.length, odd.length * 2)
      for (const [index, answer] of answers.entries()) {
        assert.is(answer.index, index)
        if (index % 2 === 1) {
          assert.match(answer.hash, TOKEN)
          assert.is(answer.item, 'good')
          assert.is.not(await check(world, answer.hash), '')
          continue
        }
        const echoed = /^\{"item":"(\w)"/.exec(odd[index / 2] ?? '')?.[1] ?? null
        assert.is(answer.hash, INVALID, odd[index / 2])
        assert.is(answer.item, echoed, odd[index / 2])
      }
    },
  ],
  [
    'a batch of invalid items alone: 200, and nothing starts',
    async world => {
      await startsNothing(world, async () => {
        const answers = await processed(world, json([1, { item: 'x' }]))
        assert.equal(answers, [
          { hash: INVALID, index: 0, item: null },
          { hash: INVALID, index: 1, item: 'x' },
        ])
      })
    },
  ],
  [
    'extra fields are allowed',
    async world => {
      const [answer] = await processed(world, json([{ item: 'a', valor: 0, more: { deep: [1] } }]))
      assert.match(answer?.hash ?? '', TOKEN)
    },
  ],
  [
    'an empty batch: 200, an empty list',
    async world => {
      await startsNothing(world, async () => {
        assert.equal(await processed(world, json('[]')), [])
      })
    },
  ],
  [
    'malformed JSON, or nested deeper than 32: 400; nothing of it starts',
    async world => {
      const good = '{"item":"a","valor":0}'
      const deep = `[${good},${'['.repeat(32)}${']'.repeat(32)}]`
      const bodies = [`[${good}`, `[${good},]`, `[${good}] x`, deep, '['.repeat(1_000_000), '{', 'nope']
      const poisoned = [`[{"item":"a","valor":0,"__proto__":{"x":1}}]`]
      await startsNothing(world, async () => {
        for (const body of [...bodies, ...poisoned]) {
          await messageOf(await world.request('/api', json(body)), 400)
        }
      })
    },
  ],
  [
    'a non-empty body of another content type: 415; nothing of it starts',
    async world => {
      await startsNothing(world, async () => {
        for (const type of [
          'text/plain',
          'application/x-www-form-urlencoded',
          'application/xml',
          'nonsense',
        ]) {
          const init = { method: 'POST', headers: { 'content-type': type }, body: '[{"item":"a","valor":0}]' }
          assert.is((await world.request('/api', init)).status, 415, type)
        }
        const form = new FormData()
        form.set('item', 'a')
        assert.is((await world.request('/api', { method: 'POST', body: form })).status, 415)
      })
    },
  ],
  [
    'a body over 1 MiB, or a batch over its limit: 413; nothing of it starts',
    async world => {
      await startsNothing(world, async () => {
        const large = [{ item: 'x'.repeat(1024 * 1024), valor: 0 }]
        await messageOf(await world.request('/api', json(large)), 413)
        const many = Array.from({ length: world.batchLimit + 1 }, () => ({ item: 'a', valor: 0 }))
        assert.match(await messageOf(await world.request('/api', json(many)), 413), /batch/)
      })
    },
  ],
  [
    'POST /api with an array twice with an idempotency key gives the same tokens; with another batch 409',
    async world => {
      const headers = { 'idempotency-key': `queue-${Math.random()}` }
      const batch = [{ item: 'a', valor: 0 }, 'no', { item: 'b', valor: 0 }]
      const first = await processed(world, json(batch, headers))
      assert.equal(await processed(world, json(batch, headers)), first)
      assert.is((await world.request('/api', json(batch.slice(1), headers))).status, 409)
    },
  ],
  [
    'GET /check/<token>: Em processamento, then Finalizado',
    async world => {
      const [answer] = await processed(world, json([{ item: 'a', valor: 0 }]))
      const token = answer?.hash ?? ''
      await world.reach(idOf(token), 'succeeded')
      assert.is(await check(world, token), 'Finalizado')

      const id = await scheduled(world, world.names.quick, '1h')
      assert.is(await check(world, id.replaceAll('-', '')), 'Em processamento')
      await world.request(`/job/${id}`, { method: 'DELETE' })
    },
  ],
  [
    'GET /check/<token>: Falhou of what failed or timed out, Cancelado of what was cancelled',
    async world => {
      const { failing, slow, endless } = world.names
      const ends = [
        [failing, 'failed', 'Falhou'],
        [slow, 'timed_out', 'Falhou'],
        [endless, 'cancelled', 'Cancelado'],
      ] as const
      for (const [name, state, shown] of ends) {
        const id = await scheduled(world, name)
        const token = id.replaceAll('-', '')
        if (state === 'cancelled') {
          await world.reach(id, 'running')
          assert.is(await check(world, token), 'Em processamento')
          await world.request(`/job/${id}`, { method: 'DELETE' })
        }
        await world.reach(id, state)
        assert.is(await check(world, token), shown)
      }
    },
  ],
  [
    'GET /check of an unknown or malformed token: 404',
    async world => {
      const id = await scheduled(world, world.names.quick)
      for (const token of [...ODD_IDS, INVALID, id, 'a'.repeat(32), id.replaceAll('-', '').toUpperCase()]) {
        if (token === id.replaceAll('-', '')) continue
        const response = await world.request(`/check/${token}`)
        assert.is(response.status, 404, token)
        assert.equal(await jsonOf(response), { message: 'Job not found' })
      }
      assert.is((await world.request(`/check/${'a'.repeat(10_000)}`)).status, 404)
    },
  ],
]
