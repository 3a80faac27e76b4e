"""The parts of `synthrec.data.infer`: what names, texts and values say about a schema."""
