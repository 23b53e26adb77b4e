/** @file Names of metrics in requests: "fid", "metrics/kid", "kid@dinov2-vitl14", "fd@digits". */
import { invalid } from "@tandem/errors";
import { type Metric, metricTable } from "@tandem/metrics";
import { checkDetectorName } from "../detectors/detector-files.js";

/** A metric with its detector. */
export interface WantedMetric {
  /** As requests write it, without "metrics/": the detector stands in it unless it is the metric's own. */
  readonly name: string;
  readonly metric: Metric;
  readonly detector: string;
}

const DEFAULTS = ["fid", "fd_dinov2"];
/** The Fréchet distance of any detector: "fid" names Inception in its own name. */
const FRECHET = "fd";

/** The metrics of a request, each once. @throws DomainError FIELD_INVALID naming the one that is not known */
export function wantedMetrics(texts: readonly string[], field = "spec.metrics"): WantedMetric[] {
  const wanted = (texts.length > 0 ? texts : DEFAULTS).map((text, i) => wantedMetric(text, `${field}[${i}]`));
  return [...new Map(wanted.map((one) => [one.name, one])).values()];
}

function wantedMetric(text: string, field: string): WantedMetric {
  const [, base = "", given] = /^(?:metrics\/)?([^@]*)(?:@(.*))?$/.exec(text) ?? [];
  const metric = metricTable.get(base === FRECHET ? "fid" : base);
  if (!metric) throw invalid(field, text, `one of ${[...metricTable.keys(), FRECHET].join(", ")}, or METRIC@DETECTOR`);
  if (base === FRECHET && given === undefined) throw invalid(field, text, `${FRECHET}@DETECTOR`);
  const detector = given === undefined ? metric.detector : checkDetectorName(given, field);
  if (detector === metric.detector) return { name: metric.name, metric, detector };
  return { name: `${base}@${detector}`, metric, detector };
}
