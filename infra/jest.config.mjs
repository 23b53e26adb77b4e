// Tests run from the compiled packages: what is tested is what is shipped, and worker threads find their files.
export default {
  rootDir: "..",
  testMatch: ["<rootDir>/{libs,services,gateway,e2e}/**/dist/**/*.test.js"],
  testPathIgnorePatterns: ["/node_modules/"],
  modulePathIgnorePatterns: ["<rootDir>/.tandem"],
  transform: {},
  testEnvironment: "<rootDir>/infra/jest-environment.mjs",
  testTimeout: 60_000,
  maxWorkers: 2,
  reporters: ["<rootDir>/infra/jest-reporter.mjs"],
};
