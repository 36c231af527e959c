"""The products, found by their folders: to add a product, add a folder with ``column_types.py`` and ``product.py``."""

from types import MappingProxyType

from sqlalchemy import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError

from webautodash.config import DEFAULT_DATABASE_URL, ENV_PREFIX, Settings
from webautodash.database.connections import Connections
from webautodash.database.products.column_types import of_each_product
from webautodash.database.products.product import Product
from webautodash.database.products.product_server import ProductServer
from webautodash.errors import ConfigurationError, without_context

_URL_KEY = ENV_PREFIX + "DATABASE_URL"
PRODUCTS: tuple[Product, ...] = tuple(product.PRODUCT for product in of_each_product("product"))
_BY_DIALECT = MappingProxyType({name: product for product in PRODUCTS for name in product.dialects})
_BY_SCHEME = MappingProxyType({scheme: product for product in PRODUCTS for scheme in product.schemes})


def product_of(connection: Connection) -> Product:
    """The product of the database behind a connection."""
    return _BY_DIALECT[connection.dialect.name]


def server_for(settings: Settings, connections: Connections, *, unattended: bool, schema: bool) -> ProductServer:
    """The server that the settings name by a URL, or by host, port and user.

    Raises ConfigurationError for an invalid URL, an unknown product, a URL with a database, and unknown options.
    """
    url = _server_url(settings)
    product = _BY_SCHEME.get(url.drivername)
    if product is None:
        raise ConfigurationError(_URL_KEY, f"must begin with {_examples()}")
    return product.server(url, settings, connections, unattended=unattended, schema=schema)


def _examples() -> str:
    return " or ".join(product.url_example for product in PRODUCTS)


@without_context
def _server_url(settings: Settings) -> URL:
    if settings.db_host is not None:
        [scheme] = [product.schemes[0] for product in PRODUCTS if product.is_at_db_host]
        url = URL.create(scheme, username=settings.db_user, host=settings.db_host, port=settings.db_port)
    else:
        text = settings.database_url.get_secret_value() if settings.database_url else DEFAULT_DATABASE_URL
        try:
            url = make_url(text)
        except (ArgumentError, ValueError):
            raise ConfigurationError(_URL_KEY, f"is not a URL; it must begin with {_examples()}") from None
    if settings.password is not None:
        url = url.set(password=settings.password.get_secret_value())
    return url
