"""Loaded by every python that has the runtime's folder on PYTHONPATH.

botocore learned to read AWS_ENDPOINT_URL in 1.31. For an older one (Debian 12 has 1.29) this gives
clients made without an endpoint the one in AWS_ENDPOINT_URL_<SERVICE> or AWS_ENDPOINT_URL. Nothing
is imported until botocore.session itself is.
"""
import os
import sys


def _endpoint(service):
    own = 'AWS_ENDPOINT_URL_' + service.upper().replace('-', '_')
    return os.environ.get(own) or os.environ.get('AWS_ENDPOINT_URL') or None


def _patch(module):
    import functools
    import inspect
    import botocore

    version = tuple(int(n) for n in botocore.__version__.split('.')[:2])
    if version >= (1, 31):
        return
    original = module.Session.create_client
    signature = inspect.signature(original)

    @functools.wraps(original)
    def create_client(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        if bound.arguments.get('endpoint_url') is None:
            bound.arguments['endpoint_url'] = _endpoint(bound.arguments['service_name'])
        return original(*bound.args, **bound.kwargs)

    module.Session.create_client = create_client


class _Finder:
    """Wraps the loader of botocore.session, once."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name != 'botocore.session':
            return None
        sys.meta_path.remove(cls)
        import importlib.util
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            _patch(module)

        spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, _Finder)
