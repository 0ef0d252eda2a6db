"""Completion of the command line for bash, zsh and fish, from what `torchsrm --describe` tells."""

import shlex


def short(description):
    """What a list of completions has room for."""
    words = description.split()
    text = ""
    for word in words:
        if len(text) + len(word) > 70:
            return text + " ..."
        text = f"{text} {word}".strip()
    return text


def options_of(command):
    return [option for option in command["options"] if not option["positional"]]


def walk(command, path=()):
    """Every command below the root, with its names from the root on: ("experiment", "activation-basis")."""
    for inner in command["commands"]:
        yield (*path, inner["name"]), inner
        yield from walk(inner, (*path, inner["name"]))


def words_of(command):
    names = [inner["name"] for inner in command["commands"]]
    return names + [name for option in options_of(command) for name in option["names"]]


def bash(root):
    cases, choices = [], []
    for path, command in [((), root), *walk(root)]:
        key = " ".join(path)
        any_word = "; any=yes" if command["commands"] else ""
        cases.append(f"    {shlex.quote(key)}) words={shlex.quote(' '.join(words_of(command)))}{any_word} ;;")
        for option in options_of(command):
            if option["choices"]:
                patterns = "|".join(shlex.quote(f"{key} {name}") for name in option["names"])
                choices.append(f"    {patterns}) words={shlex.quote(' '.join(option['choices']))}; any=yes ;;")
    paths = "|".join(shlex.quote(" ".join(path)) for path, _ in walk(root))
    return f"""# Completion of torchsrm for bash; made from the command itself.

_torchsrm() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} command= word words= any=
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "${{command:+$command }}$word" in
    {paths}) command="${{command:+$command }}$word" ;;
    esac
  done
  case $command in
{chr(10).join(cases)}
  esac
  case "$command $before" in
{chr(10).join(choices)}
  esac
  # Behind a command most words are files, which `complete -o default` finds: names of options only where one begins.
  [[ $any || $current == -* ]] || words=
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _torchsrm torchsrm
"""


def zsh_text(text):
    for letter in "\\[]:":
        text = text.replace(letter, "\\" + letter)
    return text


def zsh_action(option):
    if option["choices"]:
        return f"({' '.join(option['choices'])})"
    return "_files"


def zsh_option(option):
    names, repeated = option["names"], option["repeated"]
    value = ""
    if option["value"]:
        value = f":{zsh_text(option['value'])}:{zsh_action(option)}"
    described = f"[{zsh_text(short(option['description']))}]{value}"
    if repeated:
        return [shlex.quote(f"*{name}{described}") for name in names]
    others = f"({' '.join(names)})" if len(names) > 1 else ""
    return [shlex.quote(f"{others}{name}{described}") for name in names]


def zsh_case(command, indent):
    lines = [" " * indent + "_arguments \\"]
    specs = [spec for option in options_of(command) for spec in zsh_option(option)]
    specs += ["'*:file:_files'"] if any(option["positional"] for option in command["options"]) else []
    return "\n".join(lines + [" " * (indent + 2) + spec + (" \\" if spec is not specs[-1] else "") for spec in specs])


def zsh(root):
    def function(command, name):
        if not command["commands"]:
            return f"{name}() {{\n{zsh_case(command, 2)}\n}}\n"
        inner = "".join(function(part, f"{name}_{part['name'].replace('-', '_')}") for part in command["commands"])
        described = "\n".join("    " + shlex.quote(f"{part['name']}:{short(part['description'])}") for part in command["commands"])
        cases = "\n".join(f"      {part['name']}) {name}_{part['name'].replace('-', '_')} ;;" for part in command["commands"])
        specs = " \\\n".join("    " + spec for option in options_of(command) for spec in zsh_option(option))
        return f"""{inner}{name}() {{
  local context state line
  local -a commands=(
{described}
  )
  _arguments -C \\
{specs} \\
    '1:command:->command' '*::argument:->argument' && return
  case $state in
    command) _describe command commands ;;
    argument) case $words[1] in
{cases}
    esac ;;
  esac
}}
"""
    return f"#compdef torchsrm\n# Completion of torchsrm for zsh; made from the command itself.\n\n{function(root, '_torchsrm')}\n_torchsrm \"$@\"\n"


def fish_quote(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def fish(root):
    lines = ["# Completion of torchsrm for fish; made from the command itself.", ""]
    for path, command in [((), root), *walk(root)]:
        seen = f"__fish_seen_subcommand_from {path[-1]}" if path else "__fish_use_subcommand"
        inner = [part["name"] for part in command["commands"]]
        if path and inner:
            seen += f"; and not __fish_seen_subcommand_from {' '.join(inner)}"
        start = f"complete -c torchsrm -n {fish_quote(seen)}"
        for part in command["commands"]:
            lines.append(f"{start} -f -a {part['name']} -d {fish_quote(short(part['description']))}")
        for option in options_of(command):
            names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option["names"])
            value = ""
            if option["choices"]:
                value = f" -x -a {fish_quote(' '.join(option['choices']))}"
            elif option["value"]:
                value = " -r"
            lines.append(f"{start} {names}{value} -d {fish_quote(short(option['description']))}")
    return "\n".join(lines) + "\n"
