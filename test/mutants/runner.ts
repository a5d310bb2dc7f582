import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { InstrumenterContext } from '@stryker-mutator/api/core'
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin'
import {
  type CompleteDryRunResult,
  type DryRunResult,
  DryRunStatus,
  determineHitLimitReached,
  type MutantRunOptions,
  type MutantRunResult,
  type TestResult,
  type TestRunner,
  type TestRunnerCapabilities,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner'
import { patiently } from '../support/patience.ts'
import type { Context, Listed } from './node-test.ts'

interface Bundle {
  tests: Listed[]
  finish: () => Promise<void>
}

/** What the mutants look at to know whether it is their turn. */
const mutants: InstrumenterContext = {}
Object.assign(globalThis, { __stryker__: mutants })

/**
 * Runs one test; why it failed, if it did. One that waits for what a mutant keeps from it is ended by
 * what its own time allows: Stryker allows what all tests of the mutant take together.
 */
async function failure({ name, run }: Listed, ms?: number): Promise<string | undefined> {
  const undo: (() => unknown)[] = []
  const context: Context = { after: (step) => undo.push(step) }
  try {
    await patiently(
      name,
      Promise.resolve(run(context)),
      ms === undefined ? ms : 10 + 1.5 * (ms / 1000),
    )
    return undefined
  } catch (error) {
    return String(error)
  } finally {
    for (const step of undo) await step()
  }
}

/**
 * Runs unit tests for Stryker within its own worker: what a mutant changes is done again in
 * milliseconds. A process for each file and mutant, as Stryker's TAP runner has it, takes an hour.
 */
class InProcess implements TestRunner {
  private bundle: Bundle | undefined
  private loads = 0
  /** Why it could not be loaded: a mutant, and any test notices that. */
  private broken: unknown
  /** How long each test took when it last passed, ms: one that was held up says nothing of the next. */
  private readonly took = new Map<string, number>()

  capabilities(): TestRunnerCapabilities {
    return { reloadEnvironment: true }
  }

  async dispose(): Promise<void> {
    await this.bundle?.finish()
  }

  async dryRun(): Promise<DryRunResult> {
    await this.load()
    const result = await this.run()
    // The same test is run for one mutant after the other: one that passes only once would fail for
    // them all, and they would count as noticed.
    const again = await this.run()
    if (again.tests.some(({ status }) => status === TestStatus.Failed)) return again
    return { ...result, ...(mutants.mutantCoverage && { mutantCoverage: mutants.mutantCoverage }) }
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    const { activeMutant, hitLimit, mutantActivation, reloadEnvironment, testFilter } = options
    const activate = () => {
      mutants.activeMutant = activeMutant.id
      if (hitLimit !== undefined) Object.assign(mutants, { hitCount: 0, hitLimit })
    }
    if (mutantActivation === 'static') activate()
    try {
      if (reloadEnvironment || !this.bundle) await this.load()
      activate()
      const result = await this.run(testFilter)
      return toMutantRunResult(determineHitLimitReached(mutants.hitCount, hitLimit) ?? result)
    } finally {
      for (const what of ['activeMutant', 'hitCount', 'hitLimit'] as const) delete mutants[what]
    }
  }

  private async load(): Promise<void> {
    await this.bundle?.finish()
    const { href } = pathToFileURL(join(process.cwd(), 'mutants/bundle.js'))
    this.broken = undefined
    try {
      this.bundle = await import(`${href}?${this.loads++}`)
    } catch (error) {
      this.broken = error
    }
  }

  /** Runs the tests that were asked for; with a mutant, until one fails. */
  private async run(wanted?: string[]): Promise<CompleteDryRunResult> {
    if (this.broken) {
      const failed = { status: TestStatus.Failed, failureMessage: String(this.broken) } as const
      const load = { id: 'load', name: 'load', timeSpentMs: 0, ...failed }
      return { status: DryRunStatus.Complete, tests: [load] }
    }
    const results: TestResult[] = []
    const tests = (this.bundle?.tests ?? [])
      .map((test, at) => ({ test, id: `${at} ${test.name}` }))
      .filter(({ id }) => !wanted || wanted.includes(id))
      // What is quick first: it notices most.
      .sort((a, b) => (this.took.get(a.id) ?? 0) - (this.took.get(b.id) ?? 0))
    for (const { test, id } of tests) {
      mutants.currentTestId = id
      const began = performance.now()
      const failureMessage = await failure(test, this.took.get(id))
      delete mutants.currentTestId
      const timeSpentMs = performance.now() - began
      if (failureMessage === undefined) this.took.set(id, timeSpentMs)
      const result = { id, name: id, timeSpentMs }
      results.push(
        failureMessage === undefined
          ? { ...result, status: TestStatus.Success }
          : { ...result, status: TestStatus.Failed, failureMessage },
      )
      if (failureMessage !== undefined && mutants.activeMutant) break
    }
    if (wanted && results.length === 0) throw new Error(`None of these tests is here: ${wanted}`)
    return { status: DryRunStatus.Complete, tests: results }
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'in-process', InProcess)]
