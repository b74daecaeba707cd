"""The python runtime of Waybill: loads a function's handler and serves the Lambda Runtime API.

Started for one environment:  python3 bootstrap.py
Started as a zygote:          python3 bootstrap.py --zygote LIBRARY PARENT

A zygote has imported what most functions import (boto3 above all), holds no function, and forks
itself on request; the fork confines itself with LIBRARY and goes on as an environment. A fork is
only used as it is when nothing of the function could differ from a fresh interpreter: no variable
that changes how python or libc start, no file of the function that hides a loaded module. Otherwise
the fork, already confined, replaces itself by a fresh interpreter.
"""
import os
import sys

if sys.version_info < (3, 10):
    sys.stderr.write('python3 of this machine is too old: 3.10 or later is needed\n')
    sys.exit(1)

import json
import logging
import socket
import time

API = '/2018-06-01/runtime/'


# --- Runtime API -----------------------------------------------------------------------------

class Api:
    """HTTP/1.1 over one kept connection; as much of it as the server speaks."""

    def __init__(self, address):
        self.host, _, port = address.rpartition(':')
        self.port = int(port)
        self.sock = None
        self.data = b''

    def _connect(self):
        self.sock = socket.create_connection((self.host, self.port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.data = b''

    def _more(self):
        piece = self.sock.recv(1 << 18)
        if not piece:
            raise ConnectionError('the Runtime API closed the connection')
        self.data += piece

    def _receive(self):
        while b'\r\n\r\n' not in self.data:
            self._more()
        head, _, self.data = self.data.partition(b'\r\n\r\n')
        lines = head.decode('latin-1').split('\r\n')
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(':')
            headers[name.strip().lower()] = value.strip()
        length = int(headers.get('content-length', '0'))
        if length > len(self.data):
            pieces, have = [self.data], len(self.data)
            while have < length:
                piece = self.sock.recv(min(1 << 20, length - have))
                if not piece:
                    raise ConnectionError('the Runtime API closed the connection')
                pieces.append(piece)
                have += len(piece)
            self.data = b''.join(pieces)
        body, self.data = self.data[:length], self.data[length:]
        if headers.get('connection', '').lower() == 'close':
            self.sock.close()
            self.sock = None
        return int(lines[0].split(' ')[1]), headers, body

    def call(self, method, path, body=b'', extra=''):
        if self.sock is None:
            self._connect()
        head = (f'{method} {API}{path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n'
                f'Content-Length: {len(body)}\r\n{extra}\r\n').encode('latin-1')
        self.sock.sendall(head + body if len(body) < 65536 else head)
        if len(body) >= 65536:
            try:
                self.sock.sendall(body)
            except (BrokenPipeError, ConnectionResetError):
                pass  # refused for its size; the answer says so
        return self._receive()

    def post(self, path, body, error_type=None):
        extra = 'Content-Type: application/json\r\n'
        if error_type:
            extra += f'Lambda-Runtime-Function-Error-Type: {error_type}\r\n'
        try:
            return self.call('POST', path, body, extra)[0]
        except (ConnectionError, OSError):
            self.sock = None
            return 0


# --- what the function sees ------------------------------------------------------------------

class Identity:
    __slots__ = ('cognito_identity_id', 'cognito_identity_pool_id')

    def __init__(self, given):
        self.cognito_identity_id = given.get('cognitoIdentityId')
        self.cognito_identity_pool_id = given.get('cognitoIdentityPoolId')


class Client:
    __slots__ = ('installation_id', 'app_title', 'app_version_name', 'app_version_code',
                 'app_package_name')

    def __init__(self, given):
        for name in self.__slots__:
            setattr(self, name, given.get(name))


class ClientContext:
    __slots__ = ('custom', 'env', 'client')

    def __init__(self, given):
        self.custom = given.get('custom')
        self.env = given.get('env')
        self.client = Client(given.get('client') or {})


class Context:
    """The second argument of a handler."""

    def __init__(self, headers):
        env = os.environ
        self.aws_request_id = headers['lambda-runtime-aws-request-id']
        self.invoked_function_arn = headers.get('lambda-runtime-invoked-function-arn')
        self.function_name = env.get('AWS_LAMBDA_FUNCTION_NAME')
        self.function_version = env.get('AWS_LAMBDA_FUNCTION_VERSION')
        self.memory_limit_in_mb = env.get('AWS_LAMBDA_FUNCTION_MEMORY_SIZE')
        self.log_group_name = env.get('AWS_LAMBDA_LOG_GROUP_NAME')
        self.log_stream_name = env.get('AWS_LAMBDA_LOG_STREAM_NAME')
        client = headers.get('lambda-runtime-client-context')
        self.client_context = ClientContext(json.loads(client)) if client else None
        cognito = headers.get('lambda-runtime-cognito-identity')
        self.identity = Identity(json.loads(cognito) if cognito else {})
        self._deadline_ms = int(headers.get('lambda-runtime-deadline-ms', '0'))

    def get_remaining_time_in_millis(self):
        return max(self._deadline_ms - int(time.time() * 1000), 0)

    def log(self, message):
        sys.stdout.write(str(message))


class LogHandler(logging.Handler):
    request_id = ''

    def emit(self, record):
        record.aws_request_id = LogHandler.request_id
        sys.stdout.write(self.format(record))


def set_up_logging():
    handler = LogHandler()
    form = logging.Formatter(
        '[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n',
        '%Y-%m-%dT%H:%M:%S')
    form.converter = time.gmtime
    handler.setFormatter(form)
    logging.getLogger().addHandler(handler)


# --- errors ----------------------------------------------------------------------------------

class Failure(Exception):
    """A failure with a type of the runtime's own."""

    def __init__(self, kind, message, frames=()):
        super().__init__(message)
        self.kind = kind
        self.frames = list(frames)


def own_frames(error):
    import traceback
    here = os.path.abspath(__file__)
    frames = traceback.extract_tb(error.__traceback__)
    return traceback.format_list(
        [f for f in frames if os.path.abspath(f.filename) != here and 'importlib' not in f.filename])


def error_document(error, request_id=None):
    if isinstance(error, Failure):
        kind, frames = error.kind, error.frames
    else:
        kind, frames = type(error).__name__, own_frames(error)
    document = {'errorMessage': str(error), 'errorType': kind}
    if request_id is not None:
        document['requestId'] = request_id
    document['stackTrace'] = frames
    sys.stdout.write(f'[ERROR] {kind}: {error}\n')
    if frames:
        sys.stdout.write('Traceback (most recent call last):\n' + ''.join(frames))
    sys.stdout.flush()
    return kind, json.dumps(document).encode()


# --- one environment -------------------------------------------------------------------------

def load_handler(name):
    import importlib
    module_name, dot, function_name = name.rpartition('.')
    if not dot or not module_name:
        raise Failure('Runtime.MalformedHandlerName',
                      f"Bad handler '{name}': not enough values to unpack (expected 2, got 1)")
    module_name = module_name.replace('/', '.')
    try:
        module = importlib.import_module(module_name)
    except ImportError as e:
        raise Failure('Runtime.ImportModuleError',
                      f"Unable to import module '{module_name}': {e}") from e
    except SyntaxError as e:
        raise Failure('Runtime.UserCodeSyntaxError',
                      f"Syntax error in module '{module_name}': {e}",
                      [f'  File "{e.filename}" Line {e.lineno}\n    {e.text}']) from e
    handler = getattr(module, function_name, None)
    if handler is None:
        raise Failure('Runtime.HandlerNotFound',
                      f"Handler '{function_name}' missing on module '{module_name}'")
    return handler


def plain(value):
    """json's default: Decimal as a number, as Lambda's own runtime does."""
    decimal = sys.modules.get('decimal')
    if decimal is not None and isinstance(value, decimal.Decimal):
        return float(value)
    raise TypeError(f'Object of type {type(value).__name__} is not JSON serializable')


def invoke(handler, headers, body):
    try:
        event = json.loads(body)
    except ValueError as e:
        raise Failure('Runtime.UnmarshalError', f'Unable to unmarshal input: {e}') from e
    result = handler(event, Context(headers))
    try:
        return json.dumps(result, default=plain).encode()
    except (TypeError, ValueError, RecursionError) as e:
        raise Failure('Runtime.MarshalError', f'Unable to marshal response: {e}') from e


def serve():
    api = Api(os.environ['AWS_LAMBDA_RUNTIME_API'])
    sys.path.insert(0, os.environ['LAMBDA_TASK_ROOT'])
    # New ones: a zygote's were made for other files.
    for fd, name in ((1, 'stdout'), (2, 'stderr')):
        stream = open(fd, 'w', buffering=1, encoding='utf-8', errors='backslashreplace', closefd=False)
        setattr(sys, name, stream)
        setattr(sys, f'__{name}__', stream)
    set_up_logging()
    try:
        handler = load_handler(os.environ['_HANDLER'])
    except SystemExit:
        raise
    except BaseException as e:
        kind, document = error_document(e)
        api.post('init/error', document, kind)
        os._exit(1)
    while True:
        status, headers, body = api.call('GET', 'invocation/next')
        if status != 200:
            os._exit(1)
        request_id = headers['lambda-runtime-aws-request-id']
        LogHandler.request_id = request_id
        trace = headers.get('lambda-runtime-trace-id')
        if trace:
            os.environ['_X_AMZN_TRACE_ID'] = trace
        try:
            answer, kind = invoke(handler, headers, body), None
        except SystemExit:
            raise
        except BaseException as e:
            kind, answer = error_document(e, request_id)
        sys.stdout.flush()
        sys.stderr.flush()
        if kind is None:
            api.post(f'invocation/{request_id}/response', answer)
        else:
            api.post(f'invocation/{request_id}/error', answer, kind)


# --- the zygote ------------------------------------------------------------------------------

PRELOAD = ('ctypes', 'decimal', 'datetime', 'uuid', 'hashlib', 'urllib.request', 'importlib.util',
           'traceback', 'botocore.session', 'botocore.httpsession', 'botocore.awsrequest',
           'botocore.parsers', 'botocore.regions', 'botocore.endpoint', 'botocore.args',
           'boto3', 'boto3.resources.factory', 'boto3.dynamodb.conditions', 'boto3.dynamodb.types',
           'boto3.dynamodb.transform', 'boto3.dynamodb.table')
# Read by the interpreter, libc or OpenSSL when they start: too late for a fork.
EARLY = ('PYTHON', 'LD_', 'MALLOC_', 'GLIBC_', 'OPENSSL_', 'SSL_', 'LC_')


def preload():
    for name in PRELOAD:
        try:
            __import__(name)
        except ImportError:
            pass
    preload_boto3()


def preload_boto3():
    """Makes clients once, so that what they import lazily is there, and keeps the service models
    that were read. A fork takes each kept model once and reads it again after that: nobody gets an
    object that somebody else may have changed."""
    try:
        import boto3.session
        from botocore.loaders import JSONFileLoader
    except ImportError:
        return
    read, kept = JSONFileLoader.load_file, {}

    def keep(self, path):
        data = read(self, path)
        if data is not None:
            kept[path] = read(self, path)
        return data

    def take(self, path):
        data = kept.pop(path, None)
        return read(self, path) if data is None else data

    JSONFileLoader.load_file = keep
    try:
        session = boto3.session.Session('none', 'none', region_name='us-east-1')
        for service in ('dynamodb', 'sns', 'sqs', 'events'):
            session.client(service)
        session.resource('dynamodb').Table('none')
    except Exception:  # a version that works otherwise: functions do without
        kept.clear()
    JSONFileLoader.load_file = take


def hides_loaded_module(folder):
    """Is there a file of the function that a fresh interpreter would import instead?"""
    try:
        names = os.listdir(folder)
    except OSError:
        return True
    return any(n.partition('.')[0] in sys.modules and n.partition('.')[0] not in BASIC
               for n in names)


def become_environment(library, descriptors):
    """In a fork: never returns."""
    import ctypes
    import signal
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # What the preloaded libraries hold open stays (awscrt keeps /dev/urandom and waits for ever
    # without it); the control socket is replaced.
    for i, fd in enumerate(descriptors):
        os.dup2(fd, i + 1)
        os.close(fd)
    settings = b''
    while True:
        piece = os.read(3, 65536)
        if not piece:
            break
        settings += piece
    block = ctypes.create_string_buffer(settings, len(settings))
    library.wb_zygote_enter.restype = ctypes.POINTER(ctypes.c_char_p)
    variables = library.wb_zygote_enter(block, ctypes.c_size_t(len(settings)), 3)
    if not variables:
        os._exit(125)
    env, i = {}, 0
    while variables[i] is not None:
        name, _, value = os.fsdecode(variables[i]).partition('=')
        env[name] = value
        i += 1
    host_folder = os.environ['PYTHONPATH']
    folder = env['LAMBDA_RUNTIME_DIR']
    early = any(n.startswith(EARLY) and not (n == 'PYTHONPATH' and env[n] == folder) for n in env)
    if early or hides_loaded_module(env['LAMBDA_TASK_ROOT']):
        os.execve(sys.executable, [sys.executable, folder + '/bootstrap.py'], env)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    sys.path[:] = [folder if p == host_folder else p for p in sys.path]
    sys.argv[:] = [folder + '/bootstrap.py']
    serve()


def zygote(library_path, parent):
    import ctypes
    import gc
    import signal
    library = ctypes.CDLL(library_path)
    if library.wb_zygote_bind(int(parent)) != 0:
        return
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    preload()
    gc.collect()
    gc.freeze()
    control = socket.socket(fileno=3)
    control.sendall(b'R')
    while True:
        order, descriptors, _, _ = socket.recv_fds(control, 1, 3)
        if order != b'F' or len(descriptors) != 3:
            return
        pid = os.fork()
        if pid == 0:
            try:
                become_environment(library, descriptors)
            except SystemExit as e:
                code = e.code if isinstance(e.code, int) else 0 if e.code is None else 1
                sys.stdout.flush()
                os._exit(code)
            except BaseException:
                import traceback
                traceback.print_exc()
            os._exit(1)
        for fd in descriptors:
            os.close(fd)
        control.sendall(pid.to_bytes(4, 'little'))


# What a fresh interpreter has loaded at this point as well: a function cannot hide these.
BASIC = frozenset(sys.modules)

if __name__ == '__main__':
    if len(sys.argv) == 4 and sys.argv[1] == '--zygote':
        zygote(sys.argv[2], sys.argv[3])
    else:
        serve()
