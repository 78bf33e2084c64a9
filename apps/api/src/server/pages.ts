import { fileURLToPath } from 'node:url';
import type { Settings } from '@aerie/config';
import { SERVER_VERSION } from '@aerie/http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { serveQueuePage } from '../jobs/queue-page.js';

const ASSETS = fileURLToPath(new URL('../../assets/', import.meta.url));

/** Serves the pages for browsers: the queue page, the API documentation and the status page. */
export function servePages(app: NestExpressApplication, settings: Settings): void {
  serveQueuePage(app, settings);
  serveOpenApi(app, settings);
  serveStatusPage(app);
}

/** Serves Swagger UI at /docs and the OpenAPI document at /openapi.json, all from this server. */
function serveOpenApi(app: NestExpressApplication, { appName, apiKeys }: Settings): void {
  const builder = new DocumentBuilder()
    .setTitle(appName)
    .setDescription(
      'Machine-learning models over HTTP: image predictions, embeddings, chat and text generation, at once or as jobs. Errors share one envelope; below /v1, bodies and errors are those of OpenAI.',
    )
    .setVersion(SERVER_VERSION);
  const config = (apiKeys.length > 0 ? withKeys(builder) : builder).build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, config), {
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
    customSiteTitle: `${appName} API`,
  });
}

/** Either of the two headers is enough. Routes that need no key declare it ({@link Public}). */
function withKeys(builder: DocumentBuilder): DocumentBuilder {
  return builder
    .addSecurity('bearer', { type: 'http', scheme: 'bearer' })
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-API-Key' }, 'api-key')
    .addSecurityRequirements('bearer')
    .addSecurityRequirements('api-key');
}

/** Serves the status page at `/`: state of the server and its models, updated every two seconds, and a form to try an image. */
function serveStatusPage(app: NestExpressApplication): void {
  app.useStaticAssets(ASSETS, { prefix: '/assets/', index: false, maxAge: '10m' });
  const express = app.getHttpAdapter().getInstance();
  express.get('/', (_request: Request, response: Response) => {
    response.sendFile('index.html', { root: ASSETS });
  });
}
