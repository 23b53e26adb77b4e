export { hashStream, hashTensors, hashValues } from "./testing/hash-weights.js";
