"""A parametric signer: lexicon, signers, sentences, body, tracker, and the corpus of it all."""
