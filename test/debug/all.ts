/** What is only tried on a kernel that looks for faults; VMMCI_SERIES names it. */
import { debugSeries } from '../support/kernels.ts'

const [memory] = debugSeries
if (process.env.VMMCI_SERIES === memory) await import('./faults.test.ts')
await import('./stress.test.ts')
