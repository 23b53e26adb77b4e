/** @file A sampling run as the golden files state it. */

/** Absent settings are the defaults of the specification, section 3. */
export interface Run {
  /** `network/NAME`, or a file of the golden folder. */
  readonly net: string;
  readonly gnet?: string;
  readonly seeds: number[];
  /** Class of all images; null or absent: drawn. */
  readonly class_idx?: number | null;
  readonly guidance?: number;
  readonly num_steps?: number;
  readonly sigma_min?: number;
  readonly sigma_max?: number;
  readonly rho?: number;
  readonly S_churn?: number;
  readonly S_min?: number;
  readonly S_max?: number;
  readonly S_noise?: number;
  readonly evaluations: number;
}
