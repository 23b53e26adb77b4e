/** @file For tests: gateways in this process, and model servers with Gaussian models to put behind them. */
export { describeModel, digestOf, type TestModel } from "./testing/gaussian-models.js";
export { ModelPeer } from "./testing/model-peer.js";
export { type SpecParts, type StartedGateway, startGateway } from "./testing/start-gateway.js";
export { type PeerOptions, type StartedPeer, startPeer } from "./testing/start-peer.js";
