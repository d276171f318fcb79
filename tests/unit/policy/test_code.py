"""What no line of the product does, whoever writes it."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PRODUCT = ("contracts", "runtime", "services", "edge")
WEB = ROOT / "web" / "src"


def trees() -> Iterator[tuple[str, ast.Module]]:
    """Yield the name and syntax of every module of the product."""
    for folder in PRODUCT:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text())


def calls(wanted: Callable[[str, ast.Call], bool]) -> list[str]:
    """Return where the product calls what is wanted."""
    return [
        f"{name}:{node.lineno} {ast.unparse(node.func)}"
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and wanted(ast.unparse(node.func), node)
    ]


def imports() -> Iterator[tuple[str, str]]:
    """Yield each module and what it imports."""
    for name, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from ((name, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield name, node.module


def keyword(node: ast.Call, name: str) -> str | None:
    """Return the source of a keyword argument."""
    return next((ast.unparse(k.value) for k in node.keywords if k.arg == name), None)


def web_lines(pattern: str) -> list[str]:
    """Return the lines of the web app that match."""
    found = re.compile(pattern)
    return [
        f"{path.relative_to(WEB)}: {line.strip()}"
        for path in sorted(WEB.rglob("*.ts*"))
        for line in path.read_text().splitlines()
        if found.search(line)
    ]


def test_the_search_finds_what_is_there() -> None:
    assert calls(lambda func, _: func == "secrets.token_urlsafe")
    assert web_lines(r"sessionStorage\.setItem")


@pytest.mark.asvs("V1.3.2", "V1.5.2")
def test_no_text_is_run_and_no_object_is_unpickled() -> None:
    assert calls(lambda func, _: func in {"eval", "exec", "compile", "__import__"}) == []
    bad = {"pickle", "marshal", "shelve", "dill", "yaml", "jsonpickle"}
    assert [pair for pair in imports() if pair[1].partition(".")[0] in bad] == []


@pytest.mark.asvs("V1.2.5")
def test_no_shell_is_started() -> None:
    shells = {"os.system", "os.popen", "asyncio.create_subprocess_shell", "subprocess.getoutput"}
    assert calls(lambda f, n: f in shells or keyword(n, "shell") not in {None, "False"}) == []


def _is_fixed(node: ast.expr) -> bool:
    """Tell whether an expression is made of literals and the module's own constants."""
    if isinstance(node, ast.JoinedStr):
        return all(
            isinstance(part, ast.Constant)
            or (isinstance(part, ast.FormattedValue) and ast.unparse(part.value).isupper())
            for part in node.values
        )
    if isinstance(node, ast.BinOp):
        return _is_fixed(node.left) and _is_fixed(node.right)
    return isinstance(node, ast.Constant) or ast.unparse(node).rpartition(".")[2].isupper()


@pytest.mark.asvs("V1.2.4")
def test_sql_texts_are_fixed() -> None:
    def is_built(func: str, node: ast.Call) -> bool:
        is_text = func in {"text", "sa.text", "sqlalchemy.text", "op.execute"}
        return is_text and bool(node.args) and not _is_fixed(node.args[0])

    assert calls(is_built) == []


@pytest.mark.asvs("V1.2.9")
def test_no_pattern_is_made_of_input() -> None:
    functions = {f"re.{name}" for name in ("compile", "match", "search", "fullmatch", "sub")}

    def is_built(func: str, node: ast.Call) -> bool:
        return func in functions and not (
            _is_fixed(node.args[0]) or "re.escape" in ast.unparse(node.args[0])
        )

    assert calls(is_built) == []


@pytest.mark.asvs("V1.3.10")
def test_no_input_is_a_format() -> None:
    def is_built(func: str, node: ast.Call) -> bool:
        if not isinstance(node.func, ast.Attribute) or node.func.attr != "format":
            return False
        return not _is_fixed(node.func.value)

    tables_of_our_texts = (
        "services/inspection/program.py",
        "edge/bambu/codes/ams.py",
        "services/notify/texts.py",
    )
    assert [call for call in calls(is_built) if not call.startswith(tables_of_our_texts)] == []


@pytest.mark.asvs("V11.4.1", "V11.3.1", "V11.3.2", "V11.3.3", "V11.2.1")
def test_cryptography_is_of_libraries_and_of_today() -> None:
    def is_weak(func: str, node: ast.Call) -> bool:
        return func in {"hashlib.md5", "hashlib.sha1"} and (
            keyword(node, "usedforsecurity") != "False"
        )

    assert calls(is_weak) == []
    ours = {"hashlib", "hmac", "secrets", "nacl", "nkeys", "ssl", "joserfc", "authlib"}
    bad = {"Crypto", "Cryptodome", "rsa", "ecdsa", "blowfish", "des"}
    assert [pair for pair in imports() if pair[1].partition(".")[0] in bad] == []
    assert {name.partition(".")[0] for _, name in imports()} & ours
    low_level = "cryptography.hazmat.primitives.ciphers"
    assert [pair for pair in imports() if pair[1].startswith(low_level)] == []


@pytest.mark.asvs("V11.5.1", "V11.2.3")
def test_what_must_not_be_guessed_is_random_enough() -> None:
    may = {"runtime/backoff.py", "edge/bambu/printer.py"}  # waits and numbers of messages
    assert {name for name, module in imports() if module == "random"} <= may

    def is_short(func: str, node: ast.Call) -> bool:
        size = node.args[0] if node.args else None
        return (
            func.startswith("secrets.token_")
            and isinstance(size, ast.Constant)
            and isinstance(size.value, int)
            and size.value < 16
        )

    names_of_connections = ("edge/bambu/session.py", "edge/doctor/")
    assert [call for call in calls(is_short) if not call.startswith(names_of_connections)] == []
    for module in (
        "services.api.auth.sessions:ID_BYTES",
        "services.api.tokens.bearer:SECRET_BYTES",
        "services.jobs.people:CODE_BYTES",
        "services.registry.nodes:CODE_BYTES",
    ):
        name, _, constant = module.partition(":")
        tree = ast.parse((ROOT / f"{name.replace('.', '/')}.py").read_text())
        (value,) = [
            ast.literal_eval(node.value)
            for node in tree.body
            if isinstance(node, ast.AnnAssign | ast.Assign)
            and node.value is not None
            and ast.unparse(node).split(":")[0].split(" =")[0] == constant
        ]
        assert value >= 16, module


@pytest.mark.asvs("V15.3.2", "V13.2.5")
def test_programs_follow_no_redirect() -> None:
    def follows(func: str, node: ast.Call) -> bool:
        verb = func.rpartition(".")[2]
        is_request = verb in {"get", "post", "put", "head", "request"} and (
            func.partition(".")[0] in {"session", "client", "http"} or "_http" in func
        )
        return (is_request and keyword(node, "allow_redirects") != "False") or (
            keyword(node, "follow_redirects") == "True"
        )

    known = {
        # SQLAlchemy's session and Authlib's client, which asks the configured provider alone.
        found.partition(":")[0]
        for found in calls(follows)
        if "session.get" not in found
    }
    assert known <= {"services/api/auth/signin.py"}


@pytest.mark.asvs("V12.1.1", "V12.1.2", "V12.3.2", "V12.3.4")
def test_no_certificate_is_left_unchecked() -> None:
    def is_open(func: str, node: ast.Call) -> bool:
        return func == "ssl._create_unverified_context" or (
            keyword(node, "verify") == "False" or keyword(node, "ssl") == "False"
        )

    assert calls(is_open) == []
    old = re.compile(r"PROTOCOL_(SSL|TLSv1)\b|TLSVersion\.(SSLv3|TLSv1(_1)?)\b|set_ciphers")
    for name, tree in trees():
        assert name.startswith("edge/simulator/") or not old.search(ast.unparse(tree)), name


@pytest.mark.asvs("V1.2.1", "V1.2.3", "V1.3.2", "V3.2.2", "V1.1.2")
def test_the_web_app_makes_no_markup_of_text() -> None:
    sinks = r"dangerouslySetInnerHTML|\b(inner|outer)HTML\b|insertAdjacentHTML|document\.write"
    assert web_lines(rf"{sinks}|\beval\(|new Function\b|srcdoc") == []


@pytest.mark.asvs("V15.3.6")
def test_the_web_app_takes_no_names_for_objects() -> None:
    assert web_lines(r"__proto__|Object\.setPrototypeOf|constructor\[") == []


@pytest.mark.asvs("V14.2.3", "V3.4.2")
def test_the_web_app_asks_nobody_else() -> None:
    assert web_lines(r"https?://(?!127\.0\.0\.1|localhost|www\.w3\.org)") == []
    page = (ROOT / "web" / "index.html").read_text()
    assert not re.search(r"(src|href)=\"(https?:)?//", page)


@pytest.mark.asvs("V3.7.1", "V3.2.2")
def test_links_that_open_elsewhere_give_nothing_away() -> None:
    opened = web_lines(r"target=\"_blank\"")
    assert [line for line in opened if "noreferrer" not in line] == []


@pytest.mark.asvs("V13.4.2", "V13.4.5")
def test_nothing_of_development_is_in_the_product() -> None:
    tools = {"deploy", "tests", "samples", "pytest", "pdb", "hypothesis", "oidc_provider_mock"}
    assert [pair for pair in imports() if pair[1].partition(".")[0] in tools] == []
    assert calls(lambda f, n: f == "breakpoint" or keyword(n, "debug") == "True") == []
