import type { Settings } from '@aerie/config';
import { SERVER_VERSION } from '@aerie/http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';

/** Serves Swagger UI at /docs and the OpenAPI document at /openapi.json, all from this server. */
export function serveOpenApi(app: NestExpressApplication, { appName, apiKeys }: Settings): void {
  const builder = new DocumentBuilder()
    .setTitle(appName)
    .setDescription(
      'Machine-learning models over HTTP: image predictions and embeddings. Errors share one envelope.',
    )
    .setVersion(SERVER_VERSION);
  const config = (apiKeys.length > 0 ? withKeys(builder) : builder).build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, config), {
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
    customSiteTitle: `${appName} API`,
  });
}

/** Either of the two headers is enough; routes that need no key say so themselves ({@link Public}). */
function withKeys(builder: DocumentBuilder): DocumentBuilder {
  return builder
    .addSecurity('bearer', { type: 'http', scheme: 'bearer' })
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-API-Key' }, 'api-key')
    .addSecurityRequirements('bearer')
    .addSecurityRequirements('api-key');
}
