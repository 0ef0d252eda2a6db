"""Architectures of torchvision in evaluation mode with weights drawn at random, and inputs small enough for quick tests."""

from unittest import mock

import torch
import torchvision
from torch import Tensor, nn
from torchvision.models import detection


def _vary(model):
    """Gives what initialisation leaves at 0 or 1 (the statistics of batch norms, some weights) other values."""
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_(0.0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
        for parameter in model.parameters():
            if not parameter.any():
                parameter.normal_(0.0, 0.05)
    return model.eval()


def _images(size=64):
    return [torch.randn(2, 3, size, size)]


def resnet18():
    """Residual: what a block adds to passes in place through the ReLU that follows."""
    return _vary(torchvision.models.resnet18(weights=None)), _images()


def mobilenet_v2():
    """Every ReLU6 works in place on the batch norm before it."""
    return _vary(torchvision.models.mobilenet_v2(weights=None)), _images()


def densenet121():
    """Lists of tensors pass between the modules of a block."""
    return _vary(torchvision.models.densenet121(weights=None)), _images()


def googlenet():
    """Gives a tuple of its output and those of two auxiliary heads, which are None outside training."""
    return _vary(torchvision.models.googlenet(weights=None, aux_logits=True, init_weights=False)), _images()


def vision_transformer():
    """Attention layers give a tuple; their projections are parameters used without a call.

    They take the fast path, which hides no module here: a scripted model takes it whenever gradients are off. With gradients
    on the outputs are rounded otherwise.
    """
    return _vary(torchvision.models.VisionTransformer(
        image_size=32, patch_size=8, num_layers=2, num_heads=2, hidden_dim=32, mlp_dim=64, num_classes=10)), _images(32)


def ssdlite():
    """Detection: takes a list of images of different sizes, gives a list of dicts, whose lengths depend on the images."""
    model = detection.ssdlite320_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=5, topk_candidates=50, detections_per_img=20)
    # Instead of 320: what the layers give is ten times smaller, and so is the file that holds it.
    model.transform.fixed_size = (96, 96)
    for module in model.backbone.modules():
        if isinstance(module, nn.Conv2d):
            # Its own small weights would let nothing of the images arrive at the heads.
            nn.init.kaiming_normal_(module.weight)
    return _vary(model), [[torch.rand(3, 64, 96), torch.rand(3, 80, 64)]]


def _nms(boxes: Tensor, scores: Tensor, iou_threshold: float) -> Tensor:
    order = scores.argsort(stable=True, descending=True)
    overlaps = torchvision.ops.box_iou(boxes[order], boxes[order]) > iou_threshold
    kept = torch.ones_like(order, dtype=torch.bool)
    for i in range(order.numel()):
        if bool(kept[i]):
            kept[i + 1:].logical_and_(~overlaps[i, i + 1:])
    return order[kept]


def script(model):
    """The scripted model, without torchvision's own operators: a LibTorch alone has none of them.

    Scripted models of some kinds give more than eager ones outside training; from here on the eager one gives that, too.
    """
    with mock.patch.object(torchvision.ops.boxes, "nms", _nms):
        scripted = torch.jit.script(model)
    if isinstance(model, torchvision.models.GoogLeNet):
        model.eager_outputs = lambda x, aux2, aux1: (x, aux2, aux1)
    if isinstance(model, detection.ssd.SSD):
        model.eager_outputs = lambda losses, detections: (losses, detections)
    return scripted
