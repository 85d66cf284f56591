"""The public facts of the embedded base's small world. Knows data only: no phrasing, no rows.

Each fact is three lines of a table: `topic kind id`, then `subject :: answer :: must` in English and in Chinese.
`must` is a regular expression that a right answer matches. A subject of kind `clause` is written `noun ~ indirect
question`, because "how many days are in a week" has no noun of its own to ask about.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

from nano import facts_more
from nano.rows import Lang

Kind = Literal[
    "what_is",
    "used_for",
    "who_runs",
    "stands_for",
    "port_of",
    "capital_of",
    "colour_of",
    "wrote",
    "opposite_of",
    "clause",
]

SECURITY = """
security what_is safe_browsing
Safe Browsing :: Safe Browsing is a Google list of unsafe sites. :: unsafe
Safe Browsing :: Safe Browsing是谷歌的不安全网站名单。 :: 不安全
security who_runs safe_browsing_by
Safe Browsing :: Google runs Safe Browsing. :: Google
Safe Browsing :: Safe Browsing由谷歌运营。 :: 谷歌|Google
security what_is smartscreen
SmartScreen :: SmartScreen is a Microsoft filter that blocks unsafe sites. :: filter|block
SmartScreen :: SmartScreen是微软的过滤器，拦截不安全的网站。 :: 过滤|拦截
security who_runs smartscreen_by
SmartScreen :: Microsoft runs SmartScreen. :: Microsoft
SmartScreen :: SmartScreen由微软运营。 :: 微软|Microsoft
security what_is virustotal
VirusTotal :: VirusTotal is a service that scans files with many engines. :: scan
VirusTotal :: VirusTotal是用多个引擎扫描文件的服务。 :: 扫描
security who_runs virustotal_by
VirusTotal :: Google runs VirusTotal. :: Google
VirusTotal :: VirusTotal由谷歌运营。 :: 谷歌|Google
security what_is xforce
X-Force :: X-Force is the threat intelligence team of IBM. :: threat|intelligence
X-Force :: X-Force是IBM的威胁情报团队。 :: 威胁|情报
security who_runs xforce_by
X-Force :: IBM runs X-Force. :: IBM
X-Force :: X-Force由IBM运营。 :: IBM
security what_is talos
Talos :: Talos is the threat intelligence team of Cisco. :: threat|intelligence
Talos :: Talos是思科的威胁情报团队。 :: 威胁|情报
security who_runs talos_by
Talos :: Cisco runs Talos. :: Cisco
Talos :: Talos由思科运营。 :: 思科|Cisco
security what_is phishtank
PhishTank :: PhishTank is a public list of phishing sites. :: [Pp]hishing
PhishTank :: PhishTank是钓鱼网站的公开名单。 :: 钓鱼
security who_runs phishtank_by
PhishTank :: Cisco Talos runs PhishTank. :: Cisco|Talos
PhishTank :: PhishTank由思科的Talos运营。 :: 思科|Talos
security what_is urlhaus
URLhaus :: URLhaus is a public list of URLs that spread malware. :: malware
URLhaus :: URLhaus是传播恶意软件的网址公开名单。 :: 恶意软件
security who_runs urlhaus_by
URLhaus :: The project abuse.ch runs URLhaus. :: abuse\\.ch
URLhaus :: URLhaus由abuse.ch项目运营。 :: abuse\\.ch
security what_is abuseipdb
AbuseIPDB :: AbuseIPDB is a public list of IP addresses that users report for abuse. :: IP address
AbuseIPDB :: AbuseIPDB是由用户上报的恶意IP地址公开名单。 :: IP地址
security what_is shodan
Shodan :: Shodan is a search engine for devices on the internet. :: search
Shodan :: Shodan是搜索联网设备的搜索引擎。 :: 搜索|设备
security what_is censys
Censys :: Censys is a search engine for hosts on the internet. :: search|hosts
Censys :: Censys是搜索联网主机的搜索引擎。 :: 搜索|主机
security what_is attack
MITRE ATT&CK :: MITRE ATT&CK is a public list of attack methods. :: methods|list
MITRE ATT&CK :: MITRE ATT&CK是攻击者所用方法的公开知识库。 :: 攻击
security who_runs attack_by
ATT&CK :: MITRE runs ATT&CK. :: MITRE
ATT&CK :: ATT&CK由MITRE运营。 :: MITRE
security what_is cve
CVE :: CVE is a public list of known security holes. :: holes
CVE :: CVE是已知安全漏洞的公开名单。 :: 漏洞
security what_is cvss
CVSS :: CVSS is a score from 0 to 10 for how bad a security hole is. :: score
CVSS :: CVSS是从0到10的漏洞严重程度评分。 :: 评分
security what_is spamhaus
Spamhaus :: Spamhaus is a group that keeps lists of spam senders. :: spam
Spamhaus :: Spamhaus是维护垃圾邮件来源名单的组织。 :: 垃圾邮件
security what_is openphish
OpenPhish :: OpenPhish is a service that lists phishing sites. :: phishing
OpenPhish :: OpenPhish是列出钓鱼网站的服务。 :: 钓鱼
security used_for misp
MISP :: MISP is used to share threat intelligence. :: share
MISP :: MISP用来共享威胁情报。 :: 共享
security used_for yara
YARA :: YARA is used to find malware with rules. :: malware|rules
YARA :: YARA用规则来查找恶意软件。 :: 规则|恶意软件
security used_for snort
Snort :: Snort is used to find attacks in network traffic. :: attack|traffic
Snort :: Snort用来在网络流量中发现攻击。 :: 流量|攻击
security used_for wireshark
Wireshark :: Wireshark is used to capture and read network traffic. :: traffic
Wireshark :: Wireshark用来抓取和查看网络流量。 :: 流量
security used_for nmap
Nmap :: Nmap is used to scan a network for open ports. :: scan|ports
Nmap :: Nmap用来扫描网络中的开放端口。 :: 扫描|端口
security what_is owasp
OWASP :: OWASP is a group that helps people make web applications safe. :: web
OWASP :: OWASP是关注网页应用安全的组织。 :: 应用|网页
security what_is tls
TLS :: TLS is a protocol that encrypts data on the network. :: encrypt
TLS :: TLS是在网络上加密数据的协议。 :: 加密
security what_is dns
DNS :: DNS is the system that turns domain names into IP addresses. :: domain|IP
DNS :: DNS是把域名变成IP地址的系统。 :: 域名|IP
security stands_for dns_name
DNS :: DNS stands for Domain Name System. :: Domain Name System
DNS :: DNS的全称是Domain Name System，即域名系统。 :: 域名系统|Domain Name System
security used_for dnssec
DNSSEC :: DNSSEC is used to sign DNS answers. :: sign
DNSSEC :: DNSSEC用来给DNS的回答签名。 :: 签名
security what_is phishing
phishing :: Phishing is a trick that steals passwords with false mail or sites. :: trick|steal
网络钓鱼 :: 网络钓鱼是用假邮件或假网站骗取密码的手段。 :: 骗|密码
security what_is malware
malware :: Malware is software made to do harm. :: harm
恶意软件 :: 恶意软件是用来做坏事的软件。 :: 坏|害
security what_is ransomware
ransomware :: Ransomware is malware that locks files and asks for money. :: lock|money
勒索软件 :: 勒索软件是锁住文件并要钱的恶意软件。 :: 锁|钱
security what_is botnet
a botnet :: A botnet is a group of infected computers under one control. :: infected|group
僵尸网络 :: 僵尸网络是一群被控制的受感染电脑。 :: 控制|感染
security what_is firewall
a firewall :: A firewall is a filter that blocks unsafe network traffic. :: filter|block
防火墙 :: 防火墙是拦截不安全网络流量的过滤器。 :: 拦截|过滤
security what_is vpn
a VPN :: A VPN is an encrypted path through a public network. :: encrypt
VPN :: VPN是穿过公共网络的加密通道。 :: 加密
security stands_for vpn_name
VPN :: VPN stands for Virtual Private Network. :: Virtual Private Network
VPN :: VPN的全称是Virtual Private Network，即虚拟专用网络。 :: 虚拟专用网|Virtual Private Network
security what_is sandbox
a sandbox :: A sandbox is a closed place where a file can run with no harm. :: closed|run
沙箱 :: 沙箱是让文件安全运行的封闭环境。 :: 封闭|环境
security what_is honeypot
a honeypot :: A honeypot is a false system that draws attackers in. :: attackers
蜜罐 :: 蜜罐是用来引诱攻击者的假系统。 :: 引诱|攻击者
security what_is zero_day
a zero-day :: A zero-day is a security hole that has no fix yet. :: no fix
零日漏洞 :: 零日漏洞是还没有补丁的安全漏洞。 :: 没有补丁|补丁
security what_is sqli
SQL injection :: SQL injection is an attack that puts bad commands into a database query. :: database|query
SQL注入 :: SQL注入是把坏命令放进数据库查询的攻击。 :: 数据库|查询
security what_is xss
XSS :: XSS is an attack that puts bad scripts into a web page. :: script
XSS :: XSS是把坏脚本放进网页的攻击。 :: 脚本
security what_is ddos
DDoS :: DDoS is an attack that sends too much traffic from many computers. :: traffic
DDoS :: DDoS是用许多电脑发送过多流量的攻击。 :: 流量
security what_is two_factor
2FA :: 2FA is a login that needs two kinds of proof. :: two
2FA :: 2FA是需要两种证明的登录方式。 :: 两种|两
security what_is hash
a hash :: A hash is a short code that stands for the data of a file. :: code
哈希值 :: 哈希值是代表文件数据的一串短码。 :: 短码|文件
security what_is ioc
an IOC :: An IOC is a sign that a system may be under attack. :: sign
IOC :: IOC是系统可能被攻击的迹象。 :: 迹象
security stands_for ioc_name
IOC :: IOC stands for Indicator of Compromise. :: Indicator of Compromise
IOC :: IOC的全称是Indicator of Compromise，即失陷指标。 :: 失陷指标|Indicator of Compromise
security what_is false_positive
a false positive :: A false positive is an alert about something that is safe. :: alert|safe
误报 :: 误报是对安全的东西发出警报。 :: 警报
security what_is false_negative
a false negative :: A false negative is a real attack that got no alert. :: no alert|attack
漏报 :: 漏报是真的攻击却没有警报。 :: 没有警报
security what_is whitelist
a whitelist :: A whitelist is a list of things that are allowed. :: allow
白名单 :: 白名单是允许通过的名单。 :: 允许
security what_is blacklist
a blacklist :: A blacklist is a list of things that are blocked. :: blocked
黑名单 :: 黑名单是禁止通过的名单。 :: 禁止
security what_is https
HTTPS :: HTTPS is HTTP with TLS, so the data is encrypted. :: encrypt|TLS
HTTPS :: HTTPS是加上TLS的HTTP，数据会加密。 :: 加密|TLS
security port_of https_port
HTTPS :: HTTPS uses port 443. :: 443
HTTPS :: HTTPS使用443端口。 :: 443
security port_of http_port
HTTP :: HTTP uses port 80. :: \\b80\\b
HTTP :: HTTP使用80端口。 :: 80
security port_of ssh_port
SSH :: SSH uses port 22. :: \\b22\\b
SSH :: SSH使用22端口。 :: 22
security port_of dns_port
DNS :: DNS uses port 53. :: \\b53\\b
DNS :: DNS使用53端口。 :: 53
security used_for ssh
SSH :: SSH is used to log in to another computer safely. :: log in|login
SSH :: SSH用来安全地登录另一台电脑。 :: 登录
"""

EVERYDAY = """
capital capital_of china
China :: The capital of China is Beijing. :: Beijing
中国 :: 中国的首都是北京。 :: 北京
capital capital_of france
France :: The capital of France is Paris. :: Paris
法国 :: 法国的首都是巴黎。 :: 巴黎
capital capital_of japan
Japan :: The capital of Japan is Tokyo. :: Tokyo
日本 :: 日本的首都是东京。 :: 东京
capital capital_of england
the United Kingdom :: The capital of the United Kingdom is London. :: London
英国 :: 英国的首都是伦敦。 :: 伦敦
capital capital_of germany
Germany :: The capital of Germany is Berlin. :: Berlin
德国 :: 德国的首都是柏林。 :: 柏林
capital capital_of italy
Italy :: The capital of Italy is Rome. :: Rome
意大利 :: 意大利的首都是罗马。 :: 罗马
capital capital_of spain
Spain :: The capital of Spain is Madrid. :: Madrid
西班牙 :: 西班牙的首都是马德里。 :: 马德里
capital capital_of russia
Russia :: The capital of Russia is Moscow. :: Moscow
俄罗斯 :: 俄罗斯的首都是莫斯科。 :: 莫斯科
capital capital_of usa
the United States :: The capital of the United States is Washington. :: Washington
美国 :: 美国的首都是华盛顿。 :: 华盛顿
capital capital_of egypt
Egypt :: The capital of Egypt is Cairo. :: Cairo
埃及 :: 埃及的首都是开罗。 :: 开罗
capital capital_of canada
Canada :: The capital of Canada is Ottawa. :: Ottawa
加拿大 :: 加拿大的首都是渥太华。 :: 渥太华
capital capital_of thailand
Thailand :: The capital of Thailand is Bangkok. :: Bangkok
泰国 :: 泰国的首都是曼谷。 :: 曼谷
colour colour_of sky
the clear sky :: The clear sky is blue. :: blue
晴天的天空 :: 晴天的天空是蓝色的。 :: 蓝
colour colour_of snow
snow :: Snow is white. :: white
雪 :: 雪是白色的。 :: 白
colour colour_of grass
grass :: Grass is green. :: green
草 :: 草是绿色的。 :: 绿
colour colour_of blood
blood :: Blood is red. :: red
血 :: 血是红色的。 :: 红
colour colour_of coal
coal :: Coal is black. :: black
煤 :: 煤是黑色的。 :: 黑
colour colour_of banana
a ripe banana :: A ripe banana is yellow. :: yellow
熟香蕉 :: 熟香蕉是黄色的。 :: 黄
author wrote hamlet
Hamlet :: Shakespeare wrote Hamlet. :: Shakespeare
《哈姆雷特》 :: 《哈姆雷特》的作者是莎士比亚。 :: 莎士比亚
author wrote stone
Dream of the Red Chamber :: Cao Xueqin wrote Dream of the Red Chamber. :: Cao Xueqin
《红楼梦》 :: 《红楼梦》的作者是曹雪芹。 :: 曹雪芹
author wrote west
Journey to the West :: Wu Cheng'en wrote Journey to the West. :: Wu Cheng
《西游记》 :: 《西游记》的作者是吴承恩。 :: 吴承恩
author wrote war
War and Peace :: Tolstoy wrote War and Peace. :: Tolstoy
《战争与和平》 :: 《战争与和平》的作者是托尔斯泰。 :: 托尔斯泰
author wrote quixote
Don Quixote :: Cervantes wrote Don Quixote. :: Cervantes
《堂吉诃德》 :: 《堂吉诃德》的作者是塞万提斯。 :: 塞万提斯
opposite opposite_of hot
hot :: The opposite of hot is cold. :: cold
热 :: 热的反义词是冷。 :: 冷
opposite opposite_of big
big :: The opposite of big is small. :: small
大 :: 大的反义词是小。 :: 小
opposite opposite_of high
high :: The opposite of high is low. :: low
高 :: 高的反义词是低。 :: 低
opposite opposite_of fast
fast :: The opposite of fast is slow. :: slow
快 :: 快的反义词是慢。 :: 慢
opposite opposite_of open
open :: The opposite of open is closed. :: closed
开 :: 开的反义词是关。 :: 关
opposite opposite_of day_night
day :: The opposite of day is night. :: night
白天 :: 白天的反义词是黑夜。 :: 黑夜|夜
opposite opposite_of new
new :: The opposite of new is old. :: old
新 :: 新的反义词是旧。 :: 旧
opposite opposite_of black
black :: The opposite of black is white. :: white
黑 :: 黑的反义词是白。 :: 白
count clause week
days in a week ~ how many days are in a week :: A week has seven days. :: seven|7
一周的天数 ~ 一周有几天 :: 一周有七天。 :: 七|7
count clause year
months in a year ~ how many months are in a year :: A year has twelve months. :: twelve|12
一年的月数 ~ 一年有几个月 :: 一年有十二个月。 :: 十二|12
count clause day
hours in a day ~ how many hours are in a day :: A day has 24 hours. :: 24
一天的小时数 ~ 一天有多少小时 :: 一天有24小时。 :: 24
count clause hour
minutes in an hour ~ how many minutes are in an hour :: An hour has 60 minutes. :: 60
一小时的分钟数 ~ 一小时有多少分钟 :: 一小时有60分钟。 :: 60
count clause minute
seconds in a minute ~ how many seconds are in a minute :: A minute has 60 seconds. :: 60
一分钟的秒数 ~ 一分钟有多少秒 :: 一分钟有60秒。 :: 60
count clause leap
days in a normal year ~ how many days are in a normal year :: A normal year has 365 days. :: 365
平年的天数 ~ 平年有多少天 :: 平年有365天。 :: 365
count clause seasons
seasons in a year ~ how many seasons are in a year :: A year has four seasons. :: four|4
一年的季节 ~ 一年有几个季节 :: 一年有四个季节。 :: 四|4
count clause dog_legs
legs of a dog ~ how many legs a dog has :: A dog has four legs. :: four|4
狗的腿 ~ 狗有几条腿 :: 狗有四条腿。 :: 四|4
count clause spider_legs
legs of a spider ~ how many legs a spider has :: A spider has eight legs. :: eight|8
蜘蛛的腿 ~ 蜘蛛有几条腿 :: 蜘蛛有八条腿。 :: 八|8
count clause bird_legs
legs of a bird ~ how many legs a bird has :: A bird has two legs. :: two|2
鸟的腿 ~ 鸟有几条腿 :: 鸟有两条腿。 :: 两|二|2
count clause fingers
fingers of a hand ~ how many fingers a hand has :: A hand has five fingers. :: five|5
一只手的手指 ~ 一只手有几根手指 :: 一只手有五根手指。 :: 五|5
count clause triangle
sides of a triangle ~ how many sides a triangle has :: A triangle has three sides. :: three|3
三角形的边 ~ 三角形有几条边 :: 三角形有三条边。 :: 三条|3
count clause square
sides of a square ~ how many sides a square has :: A square has four sides. :: four|4
正方形的边 ~ 正方形有几条边 :: 正方形有四条边。 :: 四|4
count clause planets
planets of the sun ~ how many planets the sun has :: The sun has eight planets. :: eight|8
太阳系的行星 ~ 太阳系有几颗行星 :: 太阳系有八颗行星。 :: 八|8
count clause metre
a metre ~ how many centimetres are in a metre :: A metre has 100 centimetres. :: 100
一米 ~ 一米有多少厘米 :: 一米有100厘米。 :: 100
count clause kilometre
a kilometre ~ how many metres are in a kilometre :: A kilometre has 1000 metres. :: 1000
一公里 ~ 一公里有多少米 :: 一公里有1000米。 :: 1000
count clause kilogram
a kilogram ~ how many grams are in a kilogram :: A kilogram has 1000 grams. :: 1000
一公斤 ~ 一公斤有多少克 :: 一公斤有1000克。 :: 1000
count clause byte
a byte ~ how many bits are in a byte :: A byte has eight bits. :: eight|8
一个字节 ~ 一个字节有几位 :: 一个字节有八位。 :: 八|8
count clause letters
English letters ~ how many letters English has :: English has 26 letters. :: 26
英文字母 ~ 英文有多少个字母 :: 英文有26个字母。 :: 26
planet clause big_planet
the largest planet ~ which planet is the largest :: Jupiter is the largest planet. :: Jupiter
最大的行星 ~ 哪颗行星最大 :: 最大的行星是木星。 :: 木星
planet clause near_planet
the planet near the sun ~ which planet is nearest to the sun :: Mercury is nearest to the sun. :: Mercury
离太阳最近的行星 ~ 哪颗行星离太阳最近 :: 离太阳最近的行星是水星。 :: 水星
planet clause red_planet
the red planet ~ which planet is called the red planet :: Mars is called the red planet. :: Mars
红色的行星 ~ 哪颗行星是红色的 :: 红色的行星是火星。 :: 火星
planet clause rings
the planet with rings ~ which planet has the brightest rings :: Saturn has the brightest rings. :: Saturn
光环最亮的行星 ~ 哪颗行星的光环最亮 :: 光环最亮的行星是土星。 :: 土星
planet what_is sun
the sun :: The sun is a star. :: star
太阳 :: 太阳是一颗恒星。 :: 恒星
planet what_is moon
the moon :: The moon is the satellite of the earth. :: satellite
月亮 :: 月亮是地球的卫星。 :: 卫星
animal clause big_animal
the largest animal ~ which animal is the largest :: The blue whale is the largest animal. :: whale
最大的动物 ~ 哪种动物最大 :: 最大的动物是蓝鲸。 :: 蓝鲸
animal clause tall_animal
the tallest animal ~ which animal is the tallest :: The giraffe is the tallest animal. :: giraffe
最高的动物 ~ 哪种动物最高 :: 最高的动物是长颈鹿。 :: 长颈鹿
animal clause fast_animal
the fastest animal ~ which animal is the fastest :: The cheetah is the fastest land animal. :: cheetah
陆地上最快的动物 ~ 陆地上哪种动物最快 :: 陆地上最快的动物是猎豹。 :: 猎豹
animal clause honey
honey ~ which animal makes honey :: Bees make honey. :: [Bb]ee
蜂蜜 ~ 蜂蜜是哪种动物做的 :: 蜂蜜是蜜蜂做的。 :: 蜜蜂
animal clause panda_food
panda food ~ what pandas eat :: Pandas eat bamboo. :: bamboo
熊猫的食物 ~ 熊猫吃什么 :: 熊猫吃竹子。 :: 竹子
animal clause cow_food
cow food ~ what cows eat :: Cows eat grass. :: grass
牛的食物 ~ 牛吃什么 :: 牛吃草。 :: 草
science clause boil
boiling water ~ at what temperature water boils :: Water boils at 100 degrees. :: 100
水的沸点 ~ 水在多少度沸腾 :: 水在100度沸腾。 :: 100
science clause freeze
freezing water ~ at what temperature water freezes :: Water freezes at 0 degrees. :: \\b0\\b|zero
水的冰点 ~ 水在多少度结冰 :: 水在0度结冰。 :: 0|零
science what_is ice
ice :: Ice is frozen water. :: water
冰 :: 冰是结冻的水。 :: 水
science clause breathe
the gas we need ~ which gas people need to breathe :: People need oxygen to breathe. :: oxygen
呼吸用的气体 ~ 人呼吸需要什么气体 :: 人呼吸需要氧气。 :: 氧气
science clause sunrise
sunrise ~ where the sun rises :: The sun rises in the east. :: east
日出的方向 ~ 太阳从哪边升起 :: 太阳从东边升起。 :: 东
science clause sunset
sunset ~ where the sun sets :: The sun sets in the west. :: west
日落的方向 ~ 太阳从哪边落下 :: 太阳从西边落下。 :: 西
science clause blood_pump
the heart ~ which part of the body moves the blood :: The heart moves the blood. :: heart
心脏 ~ 身体的哪个部分推动血液 :: 心脏推动血液。 :: 心脏
science clause mountain
the highest mountain ~ which mountain is the highest :: Mount Everest is the highest mountain. :: Everest
最高的山 ~ 哪座山最高 :: 最高的山是珠穆朗玛峰。 :: 珠穆朗玛
science clause ocean
the largest ocean ~ which ocean is the largest :: The Pacific is the largest ocean. :: Pacific
最大的海洋 ~ 哪个海洋最大 :: 最大的海洋是太平洋。 :: 太平洋
calendar clause monday
the day after Monday ~ which day comes after Monday :: Tuesday comes after Monday. :: Tuesday
星期一的后一天 ~ 星期一的后一天是星期几 :: 星期一的后一天是星期二。 :: 星期二
calendar clause friday
the day after Friday ~ which day comes after Friday :: Saturday comes after Friday. :: Saturday
星期五的后一天 ~ 星期五的后一天是星期几 :: 星期五的后一天是星期六。 :: 星期六
calendar clause sunday
the day before Sunday ~ which day comes before Sunday :: Saturday comes before Sunday. :: Saturday
星期日的前一天 ~ 星期日的前一天是星期几 :: 星期日的前一天是星期六。 :: 星期六
calendar clause first_month
the first month ~ which month is the first :: January is the first month. :: January
第一个月 ~ 一年的第一个月是几月 :: 一年的第一个月是一月。 :: 一月
calendar clause last_month
the last month ~ which month is the last :: December is the last month. :: December
最后一个月 ~ 一年的最后一个月是几月 :: 一年的最后一个月是十二月。 :: 十二月
calendar clause cold_season
the coldest season ~ which season is the coldest :: Winter is the coldest season. :: [Ww]inter
最冷的季节 ~ 哪个季节最冷 :: 最冷的季节是冬天。 :: 冬
calendar clause hot_season
the hottest season ~ which season is the hottest :: Summer is the hottest season. :: [Ss]ummer
最热的季节 ~ 哪个季节最热 :: 最热的季节是夏天。 :: 夏
"""


@dataclass(frozen=True)
class Side:
    """One language of a fact. `ask` is an indirect question (kind `clause`) or empty; `must` is a regex."""

    subject: str
    ask: str
    answer: str
    must: str


@dataclass(frozen=True)
class Fact:
    id: str
    topic: str
    kind: Kind
    en: Side
    zh: Side

    def side(self, lang: Lang) -> Side:
        return self.en if lang == "en" else self.zh


def _side(subject: str, answer: str, must: str) -> Side:
    noun, _, ask = subject.partition(" ~ ")
    return Side(noun, ask, answer, must)


def _read(table: str) -> list[Fact]:
    lines = table.strip().splitlines()
    found = []
    for head, english, chinese in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
        topic, kind, name = head.split()
        sides = (_side(*line.split(" :: ")) for line in (english, chinese))
        found.append(Fact(name, topic, cast(Kind, kind), *sides))
    return found


@cache
def facts() -> tuple[Fact, ...]:
    """Every fact, in a fixed order; ids are unique."""
    return tuple(fact for table in (SECURITY, EVERYDAY, *facts_more.TABLES) for fact in _read(table))
