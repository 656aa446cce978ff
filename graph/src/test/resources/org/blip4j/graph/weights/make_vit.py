"""Makes vit.npz, a vision transformer as Google publishes them from JAX, and vit.safetensors, what
timm makes of it: python make_vit.py (numpy, safetensors, timm 1.0)."""
import numpy
from safetensors.torch import save_file
from timm.models.vision_transformer import VisionTransformer

WIDTH, HEADS, LAYERS, PATCH = 8, 2, 2, 4
random = numpy.random.default_rng(1)
arrays = {}


def add(name, *shape):
    arrays[name] = random.standard_normal(shape, dtype=numpy.float32)


add("cls", 1, 1, WIDTH)
add("embedding/kernel", PATCH, PATCH, 3, WIDTH)
add("embedding/bias", WIDTH)
add("Transformer/posembed_input/pos_embedding", 1, 5, WIDTH)
add("Transformer/encoder_norm/scale", WIDTH)
add("Transformer/encoder_norm/bias", WIDTH)
add("head/kernel", WIDTH, 3)
add("head/bias", 3)
for layer in range(LAYERS):
    block = f"Transformer/encoderblock_{layer}/"
    for norm in ("LayerNorm_0", "LayerNorm_2"):
        add(block + norm + "/scale", WIDTH)
        add(block + norm + "/bias", WIDTH)
    attention = block + "MultiHeadDotProductAttention_1/"
    for part in ("query", "key", "value"):
        add(attention + part + "/kernel", WIDTH, HEADS, WIDTH // HEADS)
        add(attention + part + "/bias", HEADS, WIDTH // HEADS)
    add(attention + "out/kernel", HEADS, WIDTH // HEADS, WIDTH)
    add(attention + "out/bias", WIDTH)
    add(block + "MlpBlock_3/Dense_0/kernel", WIDTH, 4 * WIDTH)
    add(block + "MlpBlock_3/Dense_0/bias", 4 * WIDTH)
    add(block + "MlpBlock_3/Dense_1/kernel", 4 * WIDTH, WIDTH)
    add(block + "MlpBlock_3/Dense_1/bias", WIDTH)
numpy.savez("vit.npz", **arrays)
model = VisionTransformer(
    img_size=2 * PATCH, patch_size=PATCH, embed_dim=WIDTH, depth=LAYERS, num_heads=HEADS, num_classes=3
)
model.load_pretrained("vit.npz")
state = {name: tensor.contiguous() for name, tensor in model.state_dict().items()}
save_file({name: tensor for name, tensor in state.items() if not name.startswith("head.")}, "vit.safetensors")
