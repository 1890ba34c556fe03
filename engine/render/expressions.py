"""Size expressions of ISF passes, like `floor($WIDTH/2.0)`: parsed into a tree, never evaluated as code."""

import math
import operator
import re
from collections.abc import Callable, Mapping

from engine.errors import ReverieError

Expression = Callable[[Mapping[str, float]], float]

_TOKEN = re.compile(r"\s*(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+|\$?[A-Za-z_]\w*|[-+*/%(),])")
_SUMS: dict[str, Callable[[float, float], float]] = {"+": operator.add, "-": operator.sub}
_PRODUCTS: dict[str, Callable[[float, float], float]] = {"*": operator.mul, "/": operator.truediv, "%": math.fmod}
# Floats throughout: whole numbers of Python have no bound, and a power of two large ones takes for ever.
_FUNCTIONS: dict[str, Callable[..., float]] = {
    "abs": abs, "ceil": lambda x: float(math.ceil(x)), "floor": lambda x: float(math.floor(x)), "max": max, "min": min,
    "pow": math.pow, "round": lambda x: float(round(x)), "sqrt": math.sqrt,
}  # fmt: skip
_LONGEST = 200
_DEEPEST = 16


class ExpressionError(ReverieError):
    """A size expression that is not one."""


def parse(text: str) -> Expression:
    """The function `text` stands for: from values by name (without `$`) to a number. Raises ExpressionError.

    The function raises ExpressionError where a name is missing or the arithmetic is undefined.
    """
    expression = _Parser(text).whole()

    def evaluate(values: Mapping[str, float]) -> float:
        try:
            result = float(expression(values))
        except KeyError as missing:
            raise ExpressionError(f"{text!r} names {missing.args[0]!r}, which is no numeric input") from None
        except (ArithmeticError, ValueError, TypeError) as error:
            raise ExpressionError(f"{text!r} cannot be computed: {error}") from None
        if not math.isfinite(result):
            raise ExpressionError(f"{text!r} has no finite value")
        return result

    return evaluate


class _Parser:
    """Recursive descent: sum := product {+- product}; product := factor {*/% factor}."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._split(text)
        self._at = 0
        self._depth = 0

    def _split(self, text: str) -> list[str]:
        tokens, at, end = [], 0, len(text.rstrip())
        if end > _LONGEST:
            raise ExpressionError(f"a size expression of {end} characters; {_LONGEST} are the most")
        while at < end:
            match = _TOKEN.match(text, at)
            if match is None:
                raise ExpressionError(f"{text!r} has {text[at:].strip()[0]!r}, which no size expression may hold")
            tokens.append(match.group().strip())
            at = match.end()
        return tokens

    def whole(self) -> Expression:
        expression = self._sum()
        if self._peek():
            raise ExpressionError(f"{self._text!r} has {self._peek()!r} too many")
        return expression

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise ExpressionError(f"{self._text!r} ends too early")
        self._at += 1
        return token

    def _sum(self) -> Expression:
        return self._chain(self._product, _SUMS)

    def _product(self) -> Expression:
        return self._chain(self._factor, _PRODUCTS)

    def _chain(self, part: Callable[[], Expression], signs: dict[str, Callable[[float, float], float]]) -> Expression:
        expression = part()
        while self._peek() in signs:
            expression = _combine(signs[self._next()], expression, part())
        return expression

    def _factor(self) -> Expression:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ExpressionError(f"{self._text!r} is nested more than {_DEEPEST} deep")
        factor = self._atom(self._next())
        self._depth -= 1
        return factor

    def _atom(self, token: str) -> Expression:
        if token == "-":
            return _combine(operator.sub, _constant(0.0), self._factor())
        if token == "(":
            inner = self._sum()
            self._expect(")")
            return inner
        if token.startswith("$"):
            return _variable(token[1:])
        if token in _FUNCTIONS:
            return self._call(token)
        return self._number(token)

    def _call(self, name: str) -> Expression:
        self._expect("(")
        arguments = [self._sum()]
        while self._peek() == ",":
            self._next()
            arguments.append(self._sum())
        self._expect(")")
        return _combine(_FUNCTIONS[name], *arguments)

    def _number(self, token: str) -> Expression:
        try:
            return _constant(float(token))
        except ValueError:
            raise ExpressionError(f"{self._text!r} has {token!r} where a number or $name was expected") from None

    def _expect(self, wanted: str) -> None:
        if self._next() != wanted:
            raise ExpressionError(f"{self._text!r} lacks a {wanted!r}")


def _constant(value: float) -> Expression:
    return lambda values: value


def _variable(name: str) -> Expression:
    return lambda values: values[name]


def _combine(function: Callable[..., float], *parts: Expression) -> Expression:
    return lambda values: function(*(part(values) for part in parts))
