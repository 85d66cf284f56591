"""Hosts that no report may have changed: bare suffixes, reserved addresses, names that half the world depends on.

Facts about the internet, not about any domain. Suffixes are judged by rule and a short list; the whole Public Suffix
List is not in here, so a shared platform that is missing can be added to a policy's `never_touch`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from steadyhand.extract.tlds import names

POPULAR = names("""
    google.com googleapis.com gstatic.com youtube.com gmail.com android.com facebook.com instagram.com whatsapp.com
    microsoft.com windows.com windowsupdate.com office.com office365.com live.com outlook.com bing.com azure.com
    microsoftonline.com skype.com apple.com icloud.com amazon.com cloudfront.net cloudflare.com akamai.com
    akamaiedge.net fastly.net github.com githubusercontent.com gitlab.com wikipedia.org wikimedia.org mozilla.org
    firefox.com twitter.com x.com linkedin.com netflix.com zoom.us adobe.com oracle.com ibm.com cisco.com yahoo.com
    paypal.com visa.com mastercard.com stripe.com dropbox.com slack.com salesforce.com openai.com python.org pypi.org
    debian.org ubuntu.com redhat.com npmjs.com docker.com letsencrypt.org digicert.com verisign.com iana.org
    baidu.com qq.com weixin.com wechat.com tencent.com taobao.com tmall.com alibaba.com alipay.com aliyun.com jd.com
    163.com 126.com sina.com.cn weibo.com sohu.com bilibili.com zhihu.com huawei.com xiaomi.com douyin.com
    bytedance.com 360.cn 12306.cn unionpay.com gov.cn virustotal.com
    abuse.ch tria.ge any.run urlscan.io hybrid-analysis.com joesandbox.com shodan.io
""")
_SHARED = names("""
    github.io gitlab.io pages.dev workers.dev web.app firebaseapp.com blogspot.com wordpress.com herokuapp.com
    netlify.app vercel.app azurewebsites.net amazonaws.com appspot.com ddns.net duckdns.org no-ip.org ngrok.io
    myshopify.com weebly.com wixsite.com
""")
_SECOND_LEVEL = names("ac co com edu gov gob go gouv govt ltd me mil ne net nom or org sch")
_OWN = names("localhost local internal lan home corp intranet test invalid onion arpa")


def host_of(entity: str) -> str:
    """The host of a URI, or the entity itself; lower case, without port and brackets."""
    if "://" not in entity:
        return entity.lower().rstrip(".")
    try:
        return (urlsplit(entity).hostname or "").rstrip(".")
    except ValueError:
        return ""


def bare_suffix(host: str) -> bool:
    """Whether names below `host` belong to many owners: `com`, `co.uk`, `github.io`."""
    labels = host.split(".")
    if len(labels) < 2 or host in _SHARED:
        return not is_address(host)
    return len(labels) == 2 and len(labels[1]) == 2 and labels[0] in _SECOND_LEVEL


def reserved(host: str) -> bool:
    """Addresses that are not of the public internet, and names that never leave a house."""
    address = _address(host)
    if address is None:
        return host.rpartition(".")[2] in _OWN
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    return not address.is_global or address.is_multicast


def listed(host: str, entries: Iterable[str]) -> bool:
    """Whether `host` is one of `entries`, below one of them, or inside one of their networks (`10.0.0.0/8`)."""
    address = _address(host)
    for name in entries:
        if address is not None:
            try:
                if address in ipaddress.ip_network(name, strict=False):
                    return True
            except ValueError:
                continue
        elif host == name or host.endswith("." + name):
            return True
    return False


def is_address(host: str) -> bool:
    return _address(host) is not None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None
