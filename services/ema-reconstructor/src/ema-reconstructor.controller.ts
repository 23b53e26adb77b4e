/** @file EmaReconstructorService of the contract. */
import {
  CreateReconstructionJobRequest,
  EmaReconstructorServiceDefinition,
  type EmaReconstructorServiceImplementation,
  type SolveCoefficientsRequest,
} from "@tandem/contracts";
import { solveCoefficients, warningsOf } from "@tandem/ema";
import { invalid } from "@tandem/errors";
import { Jobs } from "@tandem/jobs";
import { type CallInfo, GrpcService, present } from "@tandem/rpc";
import { Reconstructions } from "./reconstruction-job.js";

const MAX_TARGETS = 1000;

/** Creates reconstruction jobs, and tells the weights of snapshots. */
@GrpcService(EmaReconstructorServiceDefinition)
export class EmaReconstructorController implements EmaReconstructorServiceImplementation<CallInfo> {
  constructor(
    private readonly jobs: Jobs,
    private readonly reconstructions: Reconstructions,
  ) {}

  async createReconstructionJob(request: CreateReconstructionJobRequest) {
    const { requestId, settings, validateOnly } = request;
    const job = await this.jobs.create({
      kind: "reconstruction",
      requestId,
      request: CreateReconstructionJobRequest.encode(request).finish(),
      settings,
      validateOnly,
      resolve: () => this.reconstructions.resolve(present(request.spec, "spec")),
    });
    return { job };
  }

  async solveCoefficients({ inputs, targets }: SolveCoefficientsRequest) {
    if (targets.length > MAX_TARGETS) throw invalid("targets", targets.length, `at most ${MAX_TARGETS}`);
    const toProfile = ({ nimg, std }: { nimg: bigint; std: number }) => ({ nimg: Number(nimg), std });
    const profiles = inputs.map(toProfile);
    const solutions = solveCoefficients(profiles, targets.map(toProfile));
    return {
      solutions: solutions.map((solution, i) => ({
        target: targets[i],
        gamma: solution.gamma,
        coefficients: [...solution.coefficients],
        rawSum: solution.rawSum,
        fitError: solution.fitError,
        obtainedStd: solution.obtainedStd || 0,
        conditionNumber: solution.condition,
        warnings: warningsOf(solution, profiles),
      })),
    };
  }
}
