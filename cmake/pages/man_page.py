"""The man page torchsrm(1), from what `torchsrm --describe` tells."""


def escaped(text):
    """Text as roff shows it, letter for letter."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text.startswith((".", "'")) else text


def bold(text):
    return f"\\fB{escaped(text)}\\fR"


def italic(text):
    return f"\\fI{escaped(text)}\\fR"


def option_heading(option, num_names=None):
    """Names and value of an option; of several names the last `num_names`."""
    names = option["names"][-num_names:] if num_names else option["names"]
    names = ", ".join(names if option["positional"] else map(bold, names))
    if option["positional"]:
        return italic(names) + (" ..." if option["repeated"] else "")
    value = "{" + ",".join(option["choices"]) + "}" if option["choices"] else option["value"]
    words = [names]
    if value:
        words.append(italic(value) + (" ..." if option["repeated"] else ""))
    return " ".join(words)


def option_lines(option):
    remarks = []
    if option["default"]:
        remarks.append(f"default: {option['default']}")
    if option["required"] and not option["positional"]:
        remarks.append("required")
    if option["needs"]:
        remarks.append("needs " + ", ".join(option["needs"]))
    if option["excludes"]:
        remarks.append("not with " + ", ".join(option["excludes"]))
    description = option["description"] + (f" ({'; '.join(remarks)})" if remarks else "")
    return [".TP", option_heading(option), escaped(description)]


def footer_lines(footer):
    """Paragraphs are filled; indented lines, which are lists and examples, stay as they are."""
    lines, verbatim = [], False
    for line in footer.splitlines():
        if line.startswith("  "):
            if not verbatim:
                lines.append(".PP\n.in +4n\n.EX")
            lines.append(escaped(line[2:]))
        else:
            if verbatim:
                lines.append(".EE\n.in\n.PP")
            lines.append(escaped(line) if line else ".PP")
        verbatim = line.startswith("  ")
    return lines + ([".EE\n.in"] if verbatim else [])


def usage_line(path, command):
    """Options that must be given stand in it by name."""
    words = [bold(" ".join(path))]
    words += [option_heading(option, 1) for option in command["options"] if option["required"] and not option["positional"]]
    words.append("[" + italic("OPTION") + " ...]")
    for option in command["options"]:
        if option["positional"]:
            words.append(option_heading(option) if option["required"] else f"[{option_heading(option)}]")
    return " ".join(words)


def leaves(command, path):
    """Every command that does something, with the words that call it."""
    if not command["commands"]:
        yield path, command
    for inner in command["commands"]:
        yield from leaves(inner, [*path, inner["name"]])


def man_page(root, version):
    commands = list(leaves(root, [root["name"]]))
    lines = [f'.TH TORCHSRM 1 "" "torchsrm {version}" "User Commands"',
             ".SH NAME", "torchsrm \\- shows which layers of a TorchScript model align with their basis", ".SH SYNOPSIS"]
    for path, command in commands:
        lines += [usage_line(path, command), ".br"]
    lines += [bold("torchsrm") + " [" + italic("COMMAND") + "] " + bold("--help"), ".br", bold("torchsrm --version"),
              ".SH DESCRIPTION", escaped(root["description"]),
              "It hooks the layers, streams their activations through the method while the model runs, and counts exactly.",
              "Data are files of torch.save (.pt), .npy and .npz."]
    lines += [".PP", *footer_lines(root["footer"])]
    footers = set()
    for path, command in commands:
        lines += [f'.SH "{escaped(" ".join(path).upper())}"', escaped(command["description"]) + "."]
        for option in command["options"]:
            if option["names"] != ["-h", "--help"]:
                lines += option_lines(option)
        # Commands that belong together share one text, which stands behind the first of them.
        if command["footer"] and command["footer"] not in footers:
            footers.add(command["footer"])
            lines += [".PP", *footer_lines(command["footer"])]
    lines += [
        ".SH EXIT STATUS",
        ".TP\n0\nDone.",
        ".TP\n1\nA file, a model or the machine did not do what was asked; what, and what to do, is said on standard error.",
        ".TP\n2\nThe command line is wrong.",
        ".TP\n130\nCtrl\\-C: what was seen is saved, and marked as partial.",
        ".SH ENVIRONMENT",
        ".TP\n.B TORCHSRM_LIVE_TOKEN\nThe token that the page of \\fB\\-\\-live\\fR asks for beyond this machine.",
        ".TP\n.B NO_COLOR\nIf set, nothing is printed in colour.",
        ".SH SEE ALSO",
        "The Spotlight Resonance Method, arXiv 2505.13471.",
    ]
    return "\n".join(lines) + "\n"
