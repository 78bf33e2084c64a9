import { InferenceModule } from '@aerie/inference';
import { Module } from '@nestjs/common';
import { AnswerStreamer } from './answer-streamer.js';
import { ChatController } from './chat.controller.js';
import { GenerateController } from './generate.controller.js';

/** Chat and text generation over REST. */
@Module({
  imports: [InferenceModule],
  controllers: [ChatController, GenerateController],
  providers: [AnswerStreamer],
  exports: [AnswerStreamer],
})
export class ChatModule {}
