/** @file Where uploads go. */

/** Settings of uploads. */
export class UploadSettings {
  constructor(
    /** Folder of the server's own. */
    readonly folder: string,
    /** Largest file. */
    readonly maxBytes: number,
  ) {}
}
