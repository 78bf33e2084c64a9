import type { AerieError, ErrorCode } from '@aerie/contracts';
import { Controller, SetMetadata, type Type, applyDecorators } from '@nestjs/common';
import type { Request, Response } from 'express';

/** A protocol that others designed: its paths and the shape of its errors. */
export interface Protocol {
  /** First segment of its paths, such as `v1`. */
  readonly prefix: string;
  /** Documents the body of its errors. */
  readonly errorBody: Type;
  /** The status of responses with this code. */
  readonly errorStatus: (code: ErrorCode) => number;
  /** Answers with an error in the protocol's shape. */
  answerError(error: AerieError, request: Request, response: Response): void;
}

/** Metadata key of {@link ProtocolController}. */
export const PROTOCOL = 'aerie:protocol';

/**
 * A controller of a protocol. Its errors, and those of every other path under the prefix, have the protocol's shape.
 *
 * @param path below the prefix
 */
export const ProtocolController = (protocol: Protocol, path = ''): ClassDecorator =>
  applyDecorators(
    Controller(path === '' ? protocol.prefix : `${protocol.prefix}/${path}`),
    SetMetadata(PROTOCOL, protocol),
  );
