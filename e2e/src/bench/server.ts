/** @file The model server that is measured. */
import { ServiceProcess } from "../stack.js";

/** A sampler on the CPU, on a port of its own; with a network named `net` when a weights file is given. */
export const startServer = (weights?: string): Promise<ServiceProcess> => {
  const model = weights === undefined ? [] : ["--model", `net=${weights}`];
  return ServiceProcess.start("sampler", ["--listen", "127.0.0.1:0", "--device", "cpu", ...model]);
};
