import { join } from 'node:path'
import { home } from '../home.ts'
import { makeDist } from './dist.ts'

await makeDist(join(home, 'dist'))
