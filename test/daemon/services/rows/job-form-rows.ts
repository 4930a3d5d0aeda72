import * as assert from 'uvu/assert'
import { json, jsonOf, messageOf, type Row, startsNothing, type World } from './world.js'

/** The message of `POST /job`, the id in it replaced. */
async function posted({ request }: World, init: RequestInit, query = ''): Promise<string> {
  const message = await messageOf(await request(`/job${query}`, { method: 'POST', ...init }), 200)
  return message.replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, '<id>')
}

function formData(fields: Readonly<Record<string, string | Blob>>): FormData {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.set(name, value)
  return form
}

/** Each way in which fields can be sent. */
function formsOf(
  fields: Readonly<Record<string, string>>,
): readonly (readonly [init: RequestInit, query?: string])[] {
  return [
    [{ body: formData(fields) }],
    [{ body: new URLSearchParams(fields) }],
    [json(fields)],
    [{}, `?${new URLSearchParams(fields)}`],
  ]
}

/** Section 2: what is sent to `POST /job`. */
export const JOB_FORM_ROWS: readonly Row[] = [
  [
    'POST /job, multipart or urlencoded form, JSON or query, with a time: 200',
    async world => {
      for (const time of ['0s', '500ms', '30s', '2m', '1h', '4d', '2h30m']) {
        for (const [init, query] of formsOf({ job_name: world.names.quick, time })) {
          const expected = `job ${world.names.quick} with id <id> will be scheduled to run in ${time}`
          assert.is(await posted(world, init, query), expected)
        }
      }
    },
  ],
  [
    'POST /job with a date, absolute or of the past: 200',
    async world => {
      const dates = ['31-12-2099 23:59:59', '2099-12-31T23:59:59Z', '2099-12-31 23:59', '01-01-2001 00:00:00']
      for (const date of [...dates, '2099-12-31', '2001-01-01T00:00:00.5+05:30', '9999-12-31T00:00:00Z']) {
        for (const [init, query] of formsOf({ job_name: world.names.quick, date })) {
          const expected = `job ${world.names.quick} with id <id> will be scheduled to run in ${date}`
          assert.is(await posted(world, init, query), expected)
        }
      }
    },
  ],
  [
    'scheduled_to is the date that was asked for; a past date runs now',
    async world => {
      const later = '24-06-2098 01:02:03'
      const past = '24-06-1998 01:02:03'
      for (const [date, scheduledTo] of [
        [later, later],
        [past, undefined],
      ] as const) {
        const body = json({ job_name: world.names.quick, date })
        const message = await messageOf(await world.request('/job', body), 200)
        const id = /with id (\S+) will/.exec(message)?.[1] ?? ''
        const found = (await jsonOf(await world.request(`/job/${id}`))) as {
          readonly scheduled_in: string
          readonly scheduled_to: string
        }
        assert.is(found.scheduled_to, scheduledTo ?? found.scheduled_in)
        if (date === later) await world.request(`/job/${id}`, { method: 'DELETE' })
        else await world.reach(id, 'succeeded')
      }
    },
  ],
  [
    'time wins over date, and the body over the query',
    async world => {
      const { quick } = world.names
      const both = { job_name: quick, date: '31-12-2099 23:59:59', time: '4d' }
      for (const [init, query] of formsOf(both)) assert.match(await posted(world, init, query), /run in 4d$/)
      const query = '?job_name=nope&time=1h'
      assert.match(await posted(world, json({ job_name: quick, time: '2h' }), query), /run in 2h$/)
      assert.match(await posted(world, json({ job_name: quick }), query), /run in 1h$/)
      const unfilled = new URLSearchParams({ job_name: quick, time: '', date: '31-12-2099 23:59:59' })
      assert.match(await posted(world, { body: unfilled }), /run in 31-12-2099 23:59:59$/)
    },
  ],
  [
    'missing job_name, or neither date nor time: 400, a message that names the field and shows a good value',
    async world => {
      await startsNothing(world, async () => {
        const refusals = [
          [{ time: '30s' }, /^job_name is missing.* such as \S/],
          [{ job_name: '', time: '30s' }, /^job_name is missing.* such as \S/],
          [
            { job_name: world.names.quick },
            /^date or time is missing.* such as \d\d-\d\d-\d{4} .* such as 30s/,
          ],
          [{ job_name: world.names.quick, date: '', time: '' }, /^date or time is missing/],
        ] as const
        for (const [fields, message] of refusals) {
          for (const [init, query = ''] of formsOf(fields)) {
            const response = await world.request(`/job${query}`, { method: 'POST', ...init })
            assert.match(await messageOf(response, 400), message)
          }
        }
        assert.match(
          await messageOf(await world.request('/job', { method: 'POST' }), 400),
          /^job_name is missing/,
        )
      })
    },
  ],
  [
    'unknown job: 400, a message that names the field and shows a good value',
    async world => {
      await startsNothing(world, async () => {
        for (const name of [
          'nope',
          'constructor',
          '__proto__',
          '../x',
          '<b>',
          '☃',
          ' ',
          'x'.repeat(10_000),
        ]) {
          for (const [init] of formsOf({ job_name: name, time: '0s' }).slice(0, 3)) {
            const response = await world.request('/job', { method: 'POST', ...init })
            assert.match(await messageOf(response, 400), /^job_name .* such as \S/s)
          }
        }
      })
    },
  ],
  [
    'bad time: 400, a message that names the field and shows a good value',
    async world => {
      const times = [
        '-5m',
        '1.5h x',
        '1.5h',
        'abc',
        's',
        '5',
        '30 s',
        ' 30s',
        '30S',
        '1h1h',
        '1m1h',
        '+5m',
        '0x5s',
      ]
      await startsNothing(world, async () => {
        for (const time of [...times, '1e3s', '９s', '9999999999d', '9'.repeat(400), '31-12-2099 23:59:59']) {
          for (const [init, query = ''] of formsOf({ job_name: world.names.quick, time })) {
            const response = await world.request(`/job${query}`, { method: 'POST', ...init })
            assert.match(await messageOf(response, 400), /^time .* such as 30s/, time)
          }
        }
      })
    },
  ],
  [
    'bad date: 400, a message that names the field and shows a good value',
    async world => {
      const dates = [
        '32-01-2099 00:00:00',
        '30-02-2099 00:00:00',
        '29-02-2099 00:00:00',
        '00-01-2099 00:00:00',
      ]
      const more = [
        '01-13-2099 00:00:00',
        '01-01-2099 25:00:00',
        '01-01-2099 24:00:00',
        '01-01-2099 00:60:00',
      ]
      const iso = [
        '2099-02-30T00:00:00Z',
        '2099-1-1',
        '2099-01-01T00:00:00+24:00',
        '2099-01-01Z',
        '+012099-01-01',
      ]
      const other = [
        'abc',
        '30s',
        '1-1-2099 00:00:00',
        '01-01-2099',
        '01/01/2099 00:00:00',
        '4102444800',
        'tomorrow',
      ]
      await startsNothing(world, async () => {
        for (const date of [...dates, ...more, ...iso, ...other, ' 01-01-2099 00:00:00', '0'.repeat(400)]) {
          for (const [init, query = ''] of formsOf({ job_name: world.names.quick, date })) {
            const response = await world.request(`/job${query}`, { method: 'POST', ...init })
            assert.match(
              await messageOf(response, 400),
              /^date .* such as \d\d-\d\d-\d{4} \d\d:\d\d:\d\d/,
              date,
            )
          }
        }
      })
    },
  ],
  [
    'fields that are no texts, a file, a malformed body: 400; another content type: 415; too large: 413',
    async world => {
      const { quick } = world.names
      const bad = (init: RequestInit, query = '') =>
        world.request(`/job${query}`, { method: 'POST', ...init })
      await startsNothing(world, async () => {
        for (const odd of [5, null, true, ['30s'], { a: 1 }]) {
          assert.match(
            await messageOf(await bad(json({ job_name: quick, time: odd })), 400),
            /^time must be one text/,
          )
          const unnamed = await bad(json({ job_name: odd, time: '0s' }))
          assert.match(await messageOf(unnamed, 400), /^job_name must be one text/)
        }
        for (const body of ['[]', '5', 'null', '"x"']) {
          assert.match(await messageOf(await bad(json(body)), 400), /job_name/, body)
        }
        await messageOf(await bad(json('{"job_name":')), 400)
        await messageOf(await bad(json('{"job_name":"x","time":"0s","__proto__":{"time":"1s"}}')), 400)
        await messageOf(await bad({}, `?job_name=${quick}&time=0s&time=1s`), 400)
        await messageOf(await bad({ body: new URLSearchParams(`job_name=${quick}&time=0s&time=0s`) }), 400)
        const repeated = formData({ job_name: quick, time: '0s' })
        repeated.append('time', '1s')
        await messageOf(await bad({ body: repeated }), 400)
        const file = formData({ job_name: quick, time: new Blob(['0s'], { type: 'text/plain' }) })
        assert.match(await messageOf(await bad({ body: file }), 400), /file/)
        const reserved = formData({ job_name: quick, time: '0s', constructor: 'x' })
        await messageOf(await bad({ body: reserved }), 400)
        for (const type of ['multipart/form-data', 'multipart/form-data; boundary=x']) {
          await messageOf(await bad({ headers: { 'content-type': type }, body: 'nonsense' }), 400)
        }
        const plain = await bad({ headers: { 'content-type': 'text/plain' }, body: 'job_name=x' })
        assert.is(plain.status, 415)
        const large = formData({ job_name: quick, time: '0s', more: new Blob(['x'.repeat(1024 * 1024)]) })
        assert.is((await bad({ body: large })).status, 413)
        assert.is((await bad({ body: new URLSearchParams({ more: 'x'.repeat(1024 * 1024) }) })).status, 413)
      })
    },
  ],
  [
    'input is taken from JSON alone',
    async world => {
      const fields = { job_name: world.names.quick, time: '1h' }
      await posted(world, json({ ...fields, input: { a: [1] } }))
      await startsNothing(world, async () => {
        for (const [init, query = ''] of formsOf({ ...fields, input: '{}' }).filter(
          (_form, index) => index !== 2,
        )) {
          const response = await world.request(`/job${query}`, { method: 'POST', ...init })
          assert.match(await messageOf(response, 400), /^input is taken from JSON bodies only/)
        }
      })
    },
  ],
  [
    'POST /job twice with an idempotency key gives the same id, in any form; another time 409',
    async world => {
      const headers = { 'idempotency-key': `schedule-${Math.random()}` }
      const ids = new Set<string>()
      for (const [init, query = ''] of formsOf({ job_name: world.names.quick, time: '1h' })) {
        const sent = { method: 'POST', ...init, headers: { ...(init.headers as object), ...headers } }
        ids.add(await messageOf(await world.request(`/job${query}`, sent), 200))
      }
      assert.is(ids.size, 1)
      const other = json({ job_name: world.names.quick, time: '60m' }, headers)
      assert.is((await world.request('/job', other)).status, 409)
    },
  ],
  [
    'forms are taken at POST /job alone',
    async world => {
      for (const path of ['/api', '/group/group_c']) {
        const body = new URLSearchParams({ a: 'b' })
        assert.is((await world.request(path, { method: 'POST', body })).status, 415, path)
      }
    },
  ],
]
