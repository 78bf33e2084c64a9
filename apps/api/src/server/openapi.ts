import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { SERVER_VERSION } from './version.js';

/** Serves Swagger UI at /docs and the OpenAPI document at /openapi.json, all from this server. */
export function serveOpenApi(app: NestExpressApplication, appName: string): void {
  const config = new DocumentBuilder()
    .setTitle(appName)
    .setDescription(
      'Machine-learning models over HTTP: image predictions and embeddings. Errors share one envelope.',
    )
    .setVersion(SERVER_VERSION)
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'Required if API_KEYS is set.' })
    .build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, config), {
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
    customSiteTitle: `${appName} API`,
  });
}
