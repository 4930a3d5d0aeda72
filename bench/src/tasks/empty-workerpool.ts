import workerpool from 'workerpool'
import { empty, emptyAsync } from './empty.js'

workerpool.worker({ empty, emptyAsync })
