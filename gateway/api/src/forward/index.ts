/** @file The services that the gateway passes on. A new one is a line here. */
import {
  ArtifactServiceDefinition,
  DatasetBuilderServiceDefinition,
  EmaReconstructorServiceDefinition,
  JobServiceDefinition,
  MetricEvaluatorServiceDefinition,
  TrainerServiceDefinition,
} from "@tandem/contracts";
import { forwardedService } from "./forwarded-service.js";
import { listJobs } from "./merged-lists.js";

export const forwardedServices = [
  forwardedService(JobServiceDefinition, { listJobs }),
  forwardedService(ArtifactServiceDefinition),
  forwardedService(TrainerServiceDefinition),
  forwardedService(EmaReconstructorServiceDefinition),
  forwardedService(MetricEvaluatorServiceDefinition),
  forwardedService(DatasetBuilderServiceDefinition),
];
