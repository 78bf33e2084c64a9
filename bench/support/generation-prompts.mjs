/**
 * Prompts of the text generation benchmarks. Each has 21 tokens in SmolLM2's vocabulary, so that a batch of them needs no
 * padding in runtimes that pad; with the chat template a prompt has about 50.
 */
export const PROMPTS = [
  'Explain in plain words why the sea has tides, and why they come about an hour later every day.',
  'Write a short story about an old clockmaker who finds a secret letter inside a broken silver pocket watch.',
  'Give me a recipe for bread that I can bake without a machine, and say how long it takes.',
  'What should I look at when I buy a used bicycle, and which repairs can I do by myself?',
  'Tell me three facts about owls that most people do not know, with one sentence on each of them.',
  'How do I explain to a child of eight what a computer program is and what it is made of?',
  "Write a polite short letter to my neighbour, who plays the drums every night after eleven o'clock.",
  'Compare travelling by train with travelling by plane for a family that has two small children and a large dog.',
];
