import config from "./jest.config.mjs";

// The whole system only: several processes, containers, other languages, golden data.
export default { ...config, testMatch: ["<rootDir>/e2e/dist/**/*.test.js"], maxWorkers: 1, testTimeout: 180_000 };
