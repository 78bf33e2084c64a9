import { ApiProperty } from '@nestjs/swagger';

/** Health of the server. */
export class HealthDto {
  @ApiProperty({
    enum: ['healthy', 'degraded', 'unhealthy'],
    description:
      'unhealthy (503): an eager model is not ready or a replica hangs. degraded (200): something is missing, but the server still serves requests.',
    example: 'healthy',
  })
  readonly status!: 'healthy' | 'degraded' | 'unhealthy';

  @ApiProperty({ description: 'Whether every model version that loads at startup is ready.', example: true })
  readonly model_loaded!: boolean;

  @ApiProperty({ description: 'Whether nvidia-smi reports a GPU.', example: false })
  readonly gpu_available!: boolean;

  @ApiProperty({ description: 'Version of the server.', example: '0.1.0' })
  readonly version!: string;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description:
      'The result of each check: models, gpu, queue, event_loop, memory, disk, http_processes. event_loop and memory are those of the process that responds.',
  })
  readonly details!: Record<string, unknown>;
}

/** Reply to /health/live. */
export class LiveDto {
  @ApiProperty({ example: 'alive' })
  readonly status!: 'alive';
}

/** Reply to /health/ready. */
export class ReadyDto {
  @ApiProperty({ example: 'ready' })
  readonly status!: 'ready';
}
