/**
 * The tests of the drivers, in one process for each kernel (VMMCI_SERIES names it): those that ask for
 * the same machine share a guest, which is told to be new between them.
 */
import './driver.test.ts'
import './command.test.ts'
import './life.test.ts'
import './ptp.test.ts'
import './clock.test.ts'
import './hostile.test.ts'
import './line.test.ts'
import './host.test.ts'
import './power.test.ts'
