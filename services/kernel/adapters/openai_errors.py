"""The OpenAI client's errors as ours. The client itself has retried by then."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import openai

from services.kernel.contracts.errors import Code, DependencyUnavailable, InvalidInput

_TOO_LONG: Final = (
    "context_length",
    "maximum context",
    "too long",
    "too many tokens",
    "max_tokens",
)
_TOO_LARGE_STATUS: Final = 413
_MISCONFIGURED: Final = (
    openai.AuthenticationError,
    openai.PermissionDeniedError,
    openai.NotFoundError,
)


@contextmanager
def openai_errors(what: str) -> Iterator[None]:
    """`what` names the model in the message. 400 and 422 are the input's fault (InvalidInput;
    INPUT_TOO_LONG where the server says so), everything else the server's
    (DependencyUnavailable): a wrong key or model too, since mending the settings heals it.
    """
    try:
        yield
    except _MISCONFIGURED as error:
        raise DependencyUnavailable(
            f"{what} refuses us ({error.status_code}): check its URL, key and model name."
        ) from error
    except openai.APIStatusError as error:
        if says_too_long(error):
            raise InvalidInput(
                f"The text is too long for {what}.", code=Code.INPUT_TOO_LONG
            ) from error
        if isinstance(error, openai.BadRequestError | openai.UnprocessableEntityError):
            raise InvalidInput(f"{what} refuses this input: {error.message}") from error
        raise DependencyUnavailable(f"{what} answers {error.status_code}.") from error
    except openai.APIResponseValidationError as error:
        raise DependencyUnavailable(f"{what} answers what is no answer.") from error
    except (ValueError, AttributeError, TypeError) as error:  # its body was not what it must be
        raise DependencyUnavailable(f"{what} answers what is no answer.") from error
    except openai.APIConnectionError as error:  # time-outs are among them
        raise DependencyUnavailable(f"{what} does not answer.") from error
    except RuntimeError as error:  # the client is closed
        raise DependencyUnavailable(f"{what} cannot be asked any more.") from error
    except TimeoutError as error:
        raise DependencyUnavailable(f"{what} took too long.") from error


def says_too_long(error: openai.APIStatusError) -> bool:
    """Whether the server refuses the input for its length."""
    said = f"{error.code} {error.message}".casefold()
    return error.status_code == _TOO_LARGE_STATUS or (
        isinstance(error, openai.BadRequestError | openai.UnprocessableEntityError)
        and any(words in said for words in _TOO_LONG)
    )
