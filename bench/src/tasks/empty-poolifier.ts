import { ThreadWorker } from 'poolifier'
import { empty, emptyAsync } from './empty.js'

export default new ThreadWorker({ empty, emptyAsync })
