import { DefaultReporter } from "@jest/reporters";

/** Jest's own report, then one line that scripts can read, and every skipped test with its name. */
export default class extends DefaultReporter {
  onRunComplete(contexts, results) {
    super.onRunComplete(contexts, results);
    for (const file of results.testResults)
      for (const test of file.testResults) if (test.status === "pending") console.log(`skipped: ${test.fullName}`);
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    console.log(`${results.numPassedTests} passed, ${failed} failed, ${results.numPendingTests} skipped`);
  }
}
