/** @file ArtifactService of the contract. */
import {
  ArtifactServiceDefinition,
  type ArtifactServiceImplementation,
  type DeleteArtifactRequest,
  type DownloadArtifactRequest,
  type DownloadArtifactResponse,
  type GetArtifactRequest,
  type ListArtifactsRequest,
  type UploadArtifactRequest,
} from "@tandem/contracts";
import { type CallContext, type CallInfo, GrpcService } from "@tandem/rpc";
import { Artifacts } from "./artifacts.js";
import { download } from "./download.js";
import { upload } from "./upload.js";
import { UploadSettings } from "./upload-settings.js";

/** Moves files in and out of this server. */
@GrpcService(ArtifactServiceDefinition)
export class ArtifactController implements ArtifactServiceImplementation<CallInfo> {
  constructor(
    private readonly artifacts: Artifacts,
    private readonly uploads: UploadSettings,
  ) {}

  async getArtifact({ name }: GetArtifactRequest) {
    return { artifact: (await this.artifacts.get(name)).artifact };
  }

  async listArtifacts(request: ListArtifactsRequest) {
    return this.artifacts.list(request);
  }

  async uploadArtifact(requests: AsyncIterable<UploadArtifactRequest>) {
    const { folder, maxBytes } = this.uploads;
    return { artifact: await upload(requests, this.artifacts, folder, maxBytes) };
  }

  downloadArtifact(
    request: DownloadArtifactRequest,
    { signal }: CallContext,
  ): AsyncGenerator<DownloadArtifactResponse> {
    return download(this.artifacts, request, signal);
  }

  async deleteArtifact({ name }: DeleteArtifactRequest) {
    await this.artifacts.remove(name);
    return {};
  }
}
