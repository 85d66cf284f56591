"""More public facts, in the table format that `nano.facts` describes and reads. Knows data only; no parser."""

from __future__ import annotations

NETWORK = """
security port_of ftp_port
FTP :: FTP uses port 21. :: \\b21\\b
FTP :: FTP使用21端口。 :: (?<!\\d)21(?!\\d)
security port_of telnet_port
Telnet :: Telnet uses port 23. :: \\b23\\b
Telnet :: Telnet使用23端口。 :: (?<!\\d)23(?!\\d)
security port_of smtp_port
SMTP :: SMTP uses port 25. :: \\b25\\b
SMTP :: SMTP使用25端口。 :: (?<!\\d)25(?!\\d)
security port_of pop3_port
POP3 :: POP3 uses port 110. :: \\b110\\b
POP3 :: POP3使用110端口。 :: (?<!\\d)110(?!\\d)
security port_of ntp_port
NTP :: NTP uses port 123. :: \\b123\\b
NTP :: NTP使用123端口。 :: (?<!\\d)123(?!\\d)
security port_of imap_port
IMAP :: IMAP uses port 143. :: \\b143\\b
IMAP :: IMAP使用143端口。 :: (?<!\\d)143(?!\\d)
security port_of ldap_port
LDAP :: LDAP uses port 389. :: \\b389\\b
LDAP :: LDAP使用389端口。 :: (?<!\\d)389(?!\\d)
security port_of smb_port
SMB :: SMB uses port 445. :: \\b445\\b
SMB :: SMB使用445端口。 :: (?<!\\d)445(?!\\d)
security port_of mysql_port
MySQL :: MySQL uses port 3306. :: 3306
MySQL :: MySQL使用3306端口。 :: 3306
security port_of rdp_port
RDP :: RDP uses port 3389. :: 3389
RDP :: RDP使用3389端口。 :: 3389
security port_of postgres_port
PostgreSQL :: PostgreSQL uses port 5432. :: 5432
PostgreSQL :: PostgreSQL使用5432端口。 :: 5432
security port_of redis_port
Redis :: Redis uses port 6379. :: 6379
Redis :: Redis使用6379端口。 :: 6379
security stands_for url_name
URL :: URL stands for Uniform Resource Locator. :: Uniform Resource Locator
URL :: URL的全称是统一资源定位符。 :: 统一资源定位
security stands_for html_name
HTML :: HTML stands for HyperText Markup Language. :: [Mm]arkup
HTML :: HTML的全称是超文本标记语言。 :: 超文本标记
security stands_for sql_name
SQL :: SQL stands for Structured Query Language. :: Structured Query
SQL :: SQL的全称是结构化查询语言。 :: 结构化查询
security stands_for usb_name
USB :: USB stands for Universal Serial Bus. :: Universal Serial Bus
USB :: USB的全称是通用串行总线。 :: 通用串行总线
security stands_for pdf_name
PDF :: PDF stands for Portable Document Format. :: Portable Document
PDF :: PDF的全称是便携式文档格式。 :: 文档格式
security stands_for lan_name
LAN :: LAN stands for Local Area Network. :: Local Area
LAN :: LAN的全称是局域网。 :: 局域网
security stands_for iot_name
IoT :: IoT stands for Internet of Things. :: Internet of Things
IoT :: IoT的全称是物联网。 :: 物联网
security stands_for ids_name
IDS :: IDS stands for Intrusion Detection System. :: Intrusion Detection
IDS :: IDS的全称是入侵检测系统。 :: 入侵检测
security stands_for siem_name
SIEM :: SIEM stands for Security Information and Event Management. :: Event Management
SIEM :: SIEM的全称是安全信息和事件管理。 :: 事件管理
security who_runs github_by
GitHub :: Microsoft runs GitHub. :: Microsoft
GitHub :: GitHub由微软运营。 :: 微软|Microsoft
security who_runs youtube_by
YouTube :: Google runs YouTube. :: Google
YouTube :: YouTube由谷歌运营。 :: 谷歌|Google
security who_runs wechat_by
WeChat :: Tencent runs WeChat. :: Tencent
微信 :: 微信由腾讯运营。 :: 腾讯
security who_runs taobao_by
Taobao :: Alibaba runs Taobao. :: Alibaba
淘宝 :: 淘宝由阿里巴巴运营。 :: 阿里
security who_runs icloud_by
iCloud :: Apple runs iCloud. :: Apple
iCloud :: iCloud由苹果公司运营。 :: 苹果|Apple
security who_runs instagram_by
Instagram :: Meta runs Instagram. :: Meta
Instagram :: Instagram由Meta运营。 :: Meta
security used_for git
Git :: Git is used to track changes in code. :: changes
Git :: Git用来记录代码的变化。 :: 变化
security used_for docker
Docker :: Docker is used to run programs in containers. :: container
Docker :: Docker用来在容器中运行程序。 :: 容器
security used_for ping
ping :: Ping is used to test if a host answers. :: host|answers
ping :: ping用来测试主机是否有回应。 :: 主机|回应
security used_for splunk
Splunk :: Splunk is used to search logs. :: \\blogs?\\b
Splunk :: Splunk用来搜索日志。 :: 日志
security used_for ghidra
Ghidra :: Ghidra is used to take programs apart. :: apart
Ghidra :: Ghidra用来拆开分析程序。 :: 分析|拆开
security what_is backup
a backup :: A backup is a second copy of data. :: copy
备份 :: 备份是数据的另一份副本。 :: 副本
security what_is patch
a software patch :: A software patch is a fix for a program. :: fix
软件补丁 :: 软件补丁是对程序的修复。 :: 修复
security what_is keylogger
a keylogger :: A keylogger is a program that records typing. :: typing
键盘记录器 :: 键盘记录器是记下打字内容的程序。 :: 打字
security what_is spam
spam mail :: Spam mail is mail that nobody wants. :: nobody
垃圾邮件 :: 垃圾邮件是没有人想要的邮件。 :: 没有人
security what_is captcha
a CAPTCHA :: A CAPTCHA is a test to keep robots out. :: robots
CAPTCHA :: CAPTCHA是用来挡住机器人的测试。 :: 机器人
security clause ipv4_bits
an IPv4 address ~ how many bits are in an IPv4 address :: An IPv4 address has 32 bits. :: 32
IPv4地址 ~ IPv4地址有多少位 :: IPv4地址有32位。 :: 32
security clause top_port
the largest port number ~ which port number is the largest :: The largest port number is 65535. :: 65535
最大的端口号 ~ 最大的端口号是多少 :: 最大的端口号是65535。 :: 65535
"""

PLACES = """
capital capital_of korea
South Korea :: The capital of South Korea is Seoul. :: Seoul
韩国 :: 韩国的首都是首尔。 :: 首尔
capital capital_of india
India :: The capital of India is New Delhi. :: Delhi
印度 :: 印度的首都是新德里。 :: 德里
capital capital_of greece
Greece :: The capital of Greece is Athens. :: Athens
希腊 :: 希腊的首都是雅典。 :: 雅典
capital capital_of portugal
Portugal :: The capital of Portugal is Lisbon. :: Lisbon
葡萄牙 :: 葡萄牙的首都是里斯本。 :: 里斯本
capital capital_of poland
Poland :: The capital of Poland is Warsaw. :: Warsaw
波兰 :: 波兰的首都是华沙。 :: 华沙
capital capital_of belgium
Belgium :: The capital of Belgium is Brussels. :: Brussels
比利时 :: 比利时的首都是布鲁塞尔。 :: 布鲁塞尔
capital capital_of sweden
Sweden :: The capital of Sweden is Stockholm. :: Stockholm
瑞典 :: 瑞典的首都是斯德哥尔摩。 :: 斯德哥尔摩
capital capital_of norway
Norway :: The capital of Norway is Oslo. :: Oslo
挪威 :: 挪威的首都是奥斯陆。 :: 奥斯陆
capital capital_of finland
Finland :: The capital of Finland is Helsinki. :: Helsinki
芬兰 :: 芬兰的首都是赫尔辛基。 :: 赫尔辛基
capital capital_of denmark
Denmark :: The capital of Denmark is Copenhagen. :: Copenhagen
丹麦 :: 丹麦的首都是哥本哈根。 :: 哥本哈根
capital capital_of turkey
Turkey :: The capital of Turkey is Ankara. :: Ankara
土耳其 :: 土耳其的首都是安卡拉。 :: 安卡拉
capital capital_of iran
Iran :: The capital of Iran is Tehran. :: Tehran
伊朗 :: 伊朗的首都是德黑兰。 :: 德黑兰
capital capital_of vietnam
Vietnam :: The capital of Vietnam is Hanoi. :: Hanoi
越南 :: 越南的首都是河内。 :: 河内
capital capital_of australia
Australia :: The capital of Australia is Canberra. :: Canberra
澳大利亚 :: 澳大利亚的首都是堪培拉。 :: 堪培拉
capital capital_of cuba
Cuba :: The capital of Cuba is Havana. :: Havana
古巴 :: 古巴的首都是哈瓦那。 :: 哈瓦那
capital capital_of peru
Peru :: The capital of Peru is Lima. :: Lima
秘鲁 :: 秘鲁的首都是利马。 :: 利马
capital capital_of kenya
Kenya :: The capital of Kenya is Nairobi. :: Nairobi
肯尼亚 :: 肯尼亚的首都是内罗毕。 :: 内罗毕
capital capital_of hungary
Hungary :: The capital of Hungary is Budapest. :: Budapest
匈牙利 :: 匈牙利的首都是布达佩斯。 :: 布达佩斯
capital capital_of ireland
Ireland :: The capital of Ireland is Dublin. :: Dublin
爱尔兰 :: 爱尔兰的首都是都柏林。 :: 都柏林
capital capital_of philippines
the Philippines :: The capital of the Philippines is Manila. :: Manila
菲律宾 :: 菲律宾的首都是马尼拉。 :: 马尼拉
place clause eiffel
the Eiffel Tower ~ which city the Eiffel Tower is in :: The Eiffel Tower is in Paris. :: Paris
埃菲尔铁塔 ~ 埃菲尔铁塔在哪个城市 :: 埃菲尔铁塔在巴黎。 :: 巴黎
place clause liberty
the Statue of Liberty ~ which city the Statue of Liberty is in :: The Statue of Liberty is in New York. :: New York
自由女神像 ~ 自由女神像在哪个城市 :: 自由女神像在纽约。 :: 纽约
place clause great_wall
the Great Wall ~ which country the Great Wall is in :: The Great Wall is in China. :: China
长城 ~ 长城在哪个国家 :: 长城在中国。 :: 中国
place clause big_country
the largest country ~ which country is the largest :: Russia is the largest country. :: Russia
最大的国家 ~ 哪个国家最大 :: 最大的国家是俄罗斯。 :: 俄罗斯
place clause big_island
the largest island ~ which island is the largest :: Greenland is the largest island. :: Greenland
最大的岛 ~ 哪个岛最大 :: 最大的岛是格陵兰岛。 :: 格陵兰
place clause big_continent
the largest continent ~ which continent is the largest :: Asia is the largest continent. :: Asia
最大的洲 ~ 哪个洲最大 :: 最大的洲是亚洲。 :: 亚洲
place clause deep_lake
the deepest lake ~ which lake is the deepest :: Lake Baikal is the deepest lake. :: Baikal
最深的湖 ~ 哪个湖最深 :: 最深的湖是贝加尔湖。 :: 贝加尔
place clause china_river
the longest river in China ~ which river is the longest in China :: The longest is the Yangtze. :: Yangtze
中国最长的河 ~ 中国哪条河最长 :: 中国最长的河是长江。 :: 长江
place clause japan_money
the money of Japan ~ which money Japan uses :: Japan uses the yen. :: \\byen\\b
日本的钱 ~ 日本用什么钱 :: 日本用日元。 :: 日元
place clause brazil_language
the language of Brazil ~ which language people speak in Brazil :: People in Brazil speak Portuguese. :: Portuguese
巴西的语言 ~ 巴西人说什么语言 :: 巴西人说葡萄牙语。 :: 葡萄牙
"""

WORDS_AND_BOOKS = """
opposite opposite_of long
long :: The opposite of long is short. :: short
长 :: 长的反义词是短。 :: 短
opposite opposite_of up
up :: The opposite of up is down. :: down
上 :: 上的反义词是下。 :: 下
opposite opposite_of left
left :: The opposite of left is right. :: right
左 :: 左的反义词是右。 :: 右
opposite opposite_of hard
hard :: The opposite of hard is soft. :: soft
硬 :: 硬的反义词是软。 :: 软
opposite opposite_of wet
wet :: The opposite of wet is dry. :: dry
湿 :: 湿的反义词是干。 :: 干
opposite opposite_of full
full :: The opposite of full is empty. :: empty
满 :: 满的反义词是空。 :: 空
opposite opposite_of rich
rich :: The opposite of rich is poor. :: poor
富 :: 富的反义词是穷。 :: 穷|贫
opposite opposite_of strong
strong :: The opposite of strong is weak. :: weak
强 :: 强的反义词是弱。 :: 弱
opposite opposite_of true
true :: The opposite of true is false. :: false
真 :: 真的反义词是假。 :: 假
opposite opposite_of heavy
heavy :: The opposite of heavy is light. :: light
重 :: 重的反义词是轻。 :: 轻
opposite opposite_of thick
thick :: The opposite of thick is thin. :: thin
厚 :: 厚的反义词是薄。 :: 薄
opposite opposite_of early
early :: The opposite of early is late. :: late
早 :: 早的反义词是晚。 :: 晚
opposite opposite_of buy
buy :: The opposite of buy is sell. :: sell
买 :: 买的反义词是卖。 :: 卖
opposite opposite_of win
win :: The opposite of win is lose. :: lose
赢 :: 赢的反义词是输。 :: 输
opposite opposite_of far
far :: The opposite of far is near. :: near
远 :: 远的反义词是近。 :: 近
opposite opposite_of good
good :: The opposite of good is bad. :: bad
好 :: 好的反义词是坏。 :: 坏
opposite opposite_of love
love :: The opposite of love is hate. :: hate
爱 :: 爱的反义词是恨。 :: 恨
opposite opposite_of push
push :: The opposite of push is pull. :: pull
推 :: 推的反义词是拉。 :: 拉
author wrote twist
Oliver Twist :: Dickens wrote Oliver Twist. :: Dickens
《雾都孤儿》 :: 《雾都孤儿》的作者是狄更斯。 :: 狄更斯
author wrote animal_farm
Animal Farm :: Orwell wrote Animal Farm. :: Orwell
《动物农场》 :: 《动物农场》的作者是奥威尔。 :: 奥威尔
author wrote old_man
The Old Man and the Sea :: Hemingway wrote The Old Man and the Sea. :: Hemingway
《老人与海》 :: 《老人与海》的作者是海明威。 :: 海明威
author wrote pride
Pride and Prejudice :: Jane Austen wrote Pride and Prejudice. :: Austen
《傲慢与偏见》 :: 《傲慢与偏见》的作者是奥斯汀。 :: 奥斯汀
author wrote potter
Harry Potter :: Rowling wrote Harry Potter. :: Rowling
《哈利·波特》 :: 《哈利·波特》的作者是罗琳。 :: 罗琳
author wrote faust
Faust :: Goethe wrote Faust. :: Goethe
《浮士德》 :: 《浮士德》的作者是歌德。 :: 歌德
author wrote species
On the Origin of Species :: Darwin wrote On the Origin of Species. :: Darwin
《物种起源》 :: 《物种起源》的作者是达尔文。 :: 达尔文
author wrote three_kingdoms
Romance of the Three Kingdoms :: Luo Guanzhong wrote Romance of the Three Kingdoms. :: Luo Guanzhong
《三国演义》 :: 《三国演义》的作者是罗贯中。 :: 罗贯中
author wrote rickshaw
Rickshaw Boy :: Lao She wrote Rickshaw Boy. :: Lao She
《骆驼祥子》 :: 《骆驼祥子》的作者是老舍。 :: 老舍
author wrote historian
Records of the Grand Historian :: Sima Qian wrote Records of the Grand Historian. :: Sima Qian
《史记》 :: 《史记》的作者是司马迁。 :: 司马迁
colour colour_of carrot
a carrot :: A carrot is orange. :: orange
胡萝卜 :: 胡萝卜是橙色的。 :: 橙
colour colour_of milk
milk :: Milk is white. :: white
牛奶 :: 牛奶是白色的。 :: 白
colour colour_of tomato
a ripe tomato :: A ripe tomato is red. :: red
熟番茄 :: 熟番茄是红色的。 :: 红
colour colour_of lemon
a ripe lemon :: A ripe lemon is yellow. :: yellow
熟柠檬 :: 熟柠檬是黄色的。 :: 黄
colour colour_of elephant
an elephant :: An elephant is grey. :: gr[ea]y
大象 :: 大象是灰色的。 :: 灰
colour colour_of crow
a crow :: A crow is black. :: black
乌鸦 :: 乌鸦是黑色的。 :: 黑
colour colour_of eggplant
an eggplant :: An eggplant is purple. :: purple
茄子 :: 茄子是紫色的。 :: 紫
colour clause mix_green
blue and yellow ~ which colour blue and yellow make :: Blue and yellow make green. :: green
蓝色加黄色 ~ 蓝色加黄色是什么颜色 :: 蓝色加黄色是绿色。 :: 绿
"""

NUMBERS_AND_DAYS = """
count clause insect_legs
legs of an insect ~ how many legs an insect has :: An insect has six legs. :: six|6
昆虫的腿 ~ 昆虫有几条腿 :: 昆虫有六条腿。 :: 六|6
count clause octopus_arms
arms of an octopus ~ how many arms an octopus has :: An octopus has eight arms. :: eight|8
章鱼的手臂 ~ 章鱼有几条手臂 :: 章鱼有八条手臂。 :: 八|8
count clause bicycle
wheels of a bicycle ~ how many wheels a bicycle has :: A bicycle has two wheels. :: two|2
自行车的轮子 ~ 自行车有几个轮子 :: 自行车有两个轮子。 :: 两|二|2
count clause rainbow
colours of the rainbow ~ how many colours the rainbow has :: The rainbow has seven colours. :: seven|7
彩虹的颜色 ~ 彩虹有几种颜色 :: 彩虹有七种颜色。 :: 七|7
count clause continents
continents of the world ~ how many continents the world has :: The world has seven continents. :: seven|7
世界的大洲 ~ 世界有几个大洲 :: 世界有七个大洲。 :: 七|7
count clause century
years in a century ~ how many years are in a century :: A century has 100 years. :: 100|hundred
一个世纪的年数 ~ 一个世纪有多少年 :: 一个世纪有100年。 :: 100|一百
count clause dozen
a dozen ~ how many things are in a dozen :: A dozen has twelve things. :: twelve|12
一打 ~ 一打有几个 :: 一打有十二个。 :: 十二|12
count clause football
a football team ~ how many players a football team has :: A football team has eleven players. :: eleven|11
足球队的人数 ~ 足球队上场有几个人 :: 足球队上场有十一个人。 :: 十一|11
count clause violin
strings of a violin ~ how many strings a violin has :: A violin has four strings. :: four|4
小提琴的弦 ~ 小提琴有几根弦 :: 小提琴有四根弦。 :: 四|4
count clause piano
keys of a piano ~ how many keys a piano has :: A piano has 88 keys. :: 88
钢琴的琴键 ~ 钢琴有多少个琴键 :: 钢琴有88个琴键。 :: 88
count clause bones
bones of an adult ~ how many bones an adult has :: An adult has 206 bones. :: 206
成年人的骨头 ~ 成年人有多少块骨头 :: 成年人有206块骨头。 :: 206
count clause circle
degrees in a circle ~ how many degrees are in a circle :: A circle has 360 degrees. :: 360
圆的度数 ~ 一个圆有多少度 :: 一个圆有360度。 :: 360
count clause right_angle
a right angle ~ how many degrees are in a right angle :: A right angle has 90 degrees. :: 90|ninety
直角 ~ 直角有多少度 :: 直角有90度。 :: 90|九十
count clause cube
faces of a cube ~ how many faces a cube has :: A cube has six faces. :: six|6
正方体的面 ~ 正方体有几个面 :: 正方体有六个面。 :: 六|6
count clause chess
squares of a chess board ~ how many squares a chess board has :: A chess board has 64 squares. :: 64
国际象棋的格子 ~ 国际象棋的棋盘有多少格 :: 国际象棋的棋盘有64格。 :: 64
calendar clause leap_year
days in a leap year ~ how many days are in a leap year :: A leap year has 366 days. :: 366
闰年的天数 ~ 闰年有多少天 :: 闰年有366天。 :: 366
calendar clause april_days
days in April ~ how many days are in April :: April has 30 days. :: 30|thirty
四月的天数 ~ 四月有多少天 :: 四月有30天。 :: 30|三十
calendar clause short_month
the shortest month ~ which month is the shortest :: February is the shortest month. :: February
天数最少的月 ~ 哪个月的天数最少 :: 天数最少的月是二月。 :: 二月
calendar clause christmas
Christmas ~ which month Christmas is in :: Christmas is in December. :: December
圣诞节 ~ 圣诞节在几月 :: 圣诞节在十二月。 :: 十二月
calendar clause china_day
the National Day of China ~ which month the National Day of China is in :: China has National Day in October. :: October
中国的国庆节 ~ 中国的国庆节在几月 :: 中国的国庆节在十月。 :: 十月
calendar clause wednesday
the day after Wednesday ~ which day comes after Wednesday :: Thursday comes after Wednesday. :: Thursday
星期三的后一天 ~ 星期三的后一天是星期几 :: 星期三的后一天是星期四。 :: 星期四
calendar clause after_winter
the season after winter ~ which season comes after winter :: Spring comes after winter. :: [Ss]pring
冬天后面的季节 ~ 冬天后面是哪个季节 :: 冬天后面是春天。 :: 春
"""

LIFE = """
animal clause big_bird
the largest bird ~ which bird is the largest :: The ostrich is the largest bird. :: ostrich
最大的鸟 ~ 哪种鸟最大 :: 最大的鸟是鸵鸟。 :: 鸵鸟
animal clause wool
wool ~ which animal gives wool :: Sheep give wool. :: [Ss]heep
羊毛 ~ 羊毛来自哪种动物 :: 羊毛来自绵羊。 :: 绵羊
animal clause silk
silk ~ which animal makes silk for clothes :: Silkworms make silk. :: [Ss]ilkworm
丝绸 ~ 丝绸的丝来自哪种动物 :: 丝绸的丝来自蚕。 :: 蚕
animal clause tadpole
a tadpole ~ what a tadpole becomes :: A tadpole becomes a frog. :: frog
蝌蚪 ~ 蝌蚪会变成什么 :: 蝌蚪会变成青蛙。 :: 蛙
animal clause hump
the animal with a hump ~ which animal has a hump :: The camel has a hump. :: camel
有驼峰的动物 ~ 哪种动物有驼峰 :: 骆驼有驼峰。 :: 骆驼
animal clause fish_breath
how fish breathe ~ what fish breathe with :: Fish breathe with gills. :: gills
鱼的呼吸 ~ 鱼用什么呼吸 :: 鱼用鳃呼吸。 :: 鳃
animal what_is puppy
a puppy :: A puppy is a young dog. :: dog
幼犬 :: 幼犬是年幼的狗。 :: 狗
place what_is island
an island :: An island is land with water all around. :: water
岛 :: 岛是四面有水的陆地。 :: 水
body clause think
thinking ~ which part of the body we think with :: We think with the brain. :: brain
思考 ~ 人用身体的哪个部分思考 :: 人用大脑思考。 :: 脑
body clause hear
hearing ~ which part of the body we hear with :: We hear with the ears. :: \\bears?\\b
听声音 ~ 人用身体的哪个部分听声音 :: 人用耳朵听声音。 :: 耳
body clause smell
smelling ~ which part of the body we smell with :: We smell with the nose. :: nose
闻气味 ~ 人用身体的哪个部分闻气味 :: 人用鼻子闻气味。 :: 鼻
body clause see
seeing ~ which part of the body we see with :: We see with the eyes. :: \\beyes?\\b
看东西 ~ 人用身体的哪个部分看东西 :: 人用眼睛看东西。 :: 眼
food clause bread
bread ~ what bread is made from :: Bread is made from flour. :: flour
面包 ~ 面包是用什么做的 :: 面包是用面粉做的。 :: 面粉
food clause cheese
cheese ~ what cheese is made from :: Cheese is made from milk. :: milk
奶酪 ~ 奶酪是用什么做的 :: 奶酪是用牛奶做的。 :: 牛奶
food clause wine
red wine ~ what red wine is made from :: Red wine is made from grapes. :: grape
红酒 ~ 红酒是用什么做的 :: 红酒是用葡萄做的。 :: 葡萄
food clause tofu
tofu ~ what tofu is made from :: Tofu is made from soybeans. :: bean
豆腐 ~ 豆腐是用什么做的 :: 豆腐是用黄豆做的。 :: 黄豆|大豆
food clause paper
paper ~ what paper is made from :: Paper is made from wood. :: wood
纸 ~ 纸是用什么做的 :: 纸是用木头做的。 :: 木
food clause glass
glass ~ what glass is made from :: Glass is made from sand. :: sand
玻璃 ~ 玻璃是用什么做的 :: 玻璃是用沙子做的。 :: 沙
science clause hard_thing
the hardest stone ~ which stone is the hardest :: Diamond is the hardest stone. :: [Dd]iamond
最硬的石头 ~ 哪种石头最硬 :: 最硬的石头是钻石。 :: 钻石
science clause light_gas
the lightest gas ~ which gas is the lightest :: Hydrogen is the lightest gas. :: [Hh]ydrogen
最轻的气体 ~ 哪种气体最轻 :: 最轻的气体是氢气。 :: 氢
science clause air
the air ~ which gas is most of the air :: Most of the air is nitrogen. :: nitrogen
空气 ~ 空气里最多的是什么气体 :: 空气里最多的是氮气。 :: 氮
science clause formula
the formula of water ~ what the formula of water is :: The formula of water is H2O. :: H2O
水的化学式 ~ 水的化学式是什么 :: 水的化学式是H2O。 :: H2O
science clause gold_sign
the symbol of gold ~ what the symbol of gold is :: The symbol of gold is Au. :: Au
金的元素符号 ~ 金的元素符号是什么 :: 金的元素符号是Au。 :: Au
science clause falling
why things fall ~ which force makes things fall :: Gravity makes things fall. :: [Gg]ravity
东西下落的原因 ~ 什么力让东西下落 :: 重力让东西下落。 :: 重力
science clause relativity
relativity ~ who gave us the theory of relativity :: Einstein gave us the theory of relativity. :: Einstein
相对论 ~ 相对论是谁提出的 :: 相对论是爱因斯坦提出的。 :: 爱因斯坦
planet clause hot_planet
the hottest planet ~ which planet is the hottest :: Venus is the hottest planet. :: Venus
最热的行星 ~ 哪颗行星最热 :: 最热的行星是金星。 :: 金星
planet clause far_planet
the last planet ~ which planet is farthest from the sun :: Neptune is farthest from the sun. :: Neptune
离太阳最远的行星 ~ 哪颗行星离太阳最远 :: 离太阳最远的行星是海王星。 :: 海王星
planet clause moon_man
the first man on the moon ~ who first walked on the moon :: Armstrong first walked on the moon. :: Armstrong
登上月球的第一人 ~ 谁第一个登上月球 :: 第一个登上月球的是阿姆斯特朗。 :: 阿姆斯特朗
tool used_for umbrella
an umbrella :: An umbrella is used to keep off rain. :: rain
伞 :: 伞用来挡雨。 :: 雨
tool used_for clock
a clock :: A clock is used to tell the time. :: time
钟表 :: 钟表用来看时间。 :: 时间
tool used_for pen
a pen :: A pen is used to write. :: write|writing
笔 :: 笔用来写字。 :: 写
tool used_for compass
a compass :: A compass is used to find north. :: north
指南针 :: 指南针用来找北方。 :: 北
tool used_for telescope
a telescope :: A telescope is used to see far things. :: \\bfar\\b
望远镜 :: 望远镜用来看很远的东西。 :: 很远|远处
tool used_for soap
soap :: Soap is used to wash hands. :: wash
肥皂 :: 肥皂用来洗手。 :: 洗
tool used_for fridge
a fridge :: A fridge is used to keep food cold. :: cold
冰箱 :: 冰箱用来给食物保冷。 :: 冷
tool used_for camera
a camera :: A camera is used to take pictures. :: picture
照相机 :: 照相机用来拍照片。 :: 照片
"""

TABLES = (NETWORK, PLACES, WORDS_AND_BOOKS, NUMBERS_AND_DAYS, LIFE)
