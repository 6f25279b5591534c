"""The configurations under trial, and what becomes of each: the verdict of `import`, and the reasons where it is not `equal`."""

import dataclasses


@dataclasses.dataclass
class Configuration:
    # A key of FIREWALLS.
    firewall: str
    # The commands that a user types.
    commands: list
    # The verdict.
    verdict: str = "equal"
    # Parts of the differences; each difference has one of them.
    reasons: list = dataclasses.field(default_factory=list)
    # Parts of the policy.
    lines: list = dataclasses.field(default_factory=list)
    # What is no part of it.
    absent: list = dataclasses.field(default_factory=list)
    # Whether a server behind the host sees the address of the host in place of a client's, before and after.
    masquerades: bool = False
    # The findings of `verify --only ruleset` afterwards.
    findings: list = dataclasses.field(default_factory=list)


# ufw lets in DHCP replies by their source port, and DHCPv6 replies by theirs, which portreeve lets in from all ports.
DHCP = "narrower udp/68 from 67"
DHCPV6 = "every host needs it, and portreeve lets it in"
# firewalld lets in DHCPv6 replies to a link-local address alone, from any address, and keeps this host from sending to some addresses of IPv6.
OUTPUT = "filter_OUTPUT: ip6 daddr"
REPLIES = "narrower udp/546"


def ufw(commands, verdict="incomparable", reasons=(), lines=(), masquerades=False):
    reasons = [DHCP, DHCPV6, *reasons]
    return Configuration("ufw", commands.strip().splitlines(), verdict, reasons, list(lines), masquerades=masquerades)


def beside(program, commands, absent=(), findings=(), **expected):
    configuration = ufw(commands, **expected)
    return dataclasses.replace(
        configuration, firewall=f"ufw beside {program}", absent=list(absent), findings=list(findings))


def firewalld(commands, verdict="incomparable", reasons=(), lines=(), replies=True, masquerades=False):
    common = [DHCPV6, OUTPUT] + ([REPLIES] if replies else [])
    return Configuration(
        "firewalld", commands.strip().splitlines(), verdict, [*common, *reasons], list(lines), masquerades=masquerades)


CONFIGURATIONS = {
    "ufw-ssh": ufw("""
        ufw allow OpenSSH
    """),
    "ufw-web": ufw("""
        ufw allow OpenSSH
        ufw allow 'WWW Full'
        ufw allow 8080/tcp comment 'Staging'
    """),
    "ufw-limit": ufw("""
        ufw limit 22/tcp
        ufw allow 443/tcp
    """),
    "ufw-office": ufw("""
        ufw allow proto tcp from 192.0.2.0/26 to any port 22 comment 'Office'
        ufw allow from 2001:db8:1::10 to any port 22 proto tcp
    """),
    "ufw-interface": ufw("""
        ufw allow in on eth1 to any port 5432 proto tcp
        ufw allow in on eth1 from 10.1.0.0/24 to any port 3306
    """),
    "ufw-deny-first": ufw("""
        ufw deny from 192.0.2.66
        ufw allow 80
        ufw allow 22/tcp
    """),
    "ufw-deny-one-port": ufw("""
        ufw allow 25/tcp
        ufw insert 1 deny from 203.0.113.0/24 to any port 25
    """),
    "ufw-ipv4-only": ufw("""
        sed -i 's/^IPV6=.*/IPV6=no/' /etc/default/ufw
        ufw allow 22/tcp
        ufw allow 53
    """, reasons=['narrower any: "ip filter OUTPUT: policy accept" lets it out']),
    "ufw-reject": ufw("""
        ufw default reject incoming
        ufw reject 25
        ufw allow 443/tcp
    """),
    "ufw-router": ufw("""
        ufw route allow in on eth1 out on eth0
        ufw allow 22/tcp
        printf '*nat\\n:POSTROUTING ACCEPT [0:0]\\n-A POSTROUTING -s 10.1.0.0/24 -o eth0 -j MASQUERADE\\nCOMMIT\\n' >>/etc/ufw/before.rules
    """, lines=["masquerade:"], masquerades=True),
    # The rule stays: a policy does not name the address that clients get.
    "ufw-snat": ufw("""
        ufw route allow in on eth1 out on eth0
        printf '*nat\\n:POSTROUTING ACCEPT [0:0]\\n-A POSTROUTING -s 10.1.0.0/24 -o eth0 -j SNAT --to-source 192.0.2.1\\nCOMMIT\\n' >>/etc/ufw/before.rules
    """, lines=["snat ip to 192.0.2.1 (a policy can masquerade"], masquerades=True),
    "ufw-random": ufw("""
        ufw route allow in on eth1 out on eth0
        printf '*nat\\n:POSTROUTING ACCEPT [0:0]\\n-A POSTROUTING -s 10.1.0.0/24 -o eth0 -j MASQUERADE --random\\nCOMMIT\\n' >>/etc/ufw/before.rules
    """, lines=["masquerade:", 'A policy has no word for "random"'], masquerades=True),
    # Clients beside the target see it under the address of this host, and it them.
    "ufw-hairpin": ufw("""
        ufw route allow proto tcp to 10.1.0.20 port 8443
        printf '*nat\\n:PREROUTING ACCEPT [0:0]\\n-A PREROUTING -d 192.0.2.1 -p tcp --dport 8443 -j DNAT --to-destination 10.1.0.20\\n-A POSTROUTING -s 10.1.0.0/24 -d 10.1.0.20 -p tcp --dport 8443 -j SNAT --to-source 10.1.0.1\\nCOMMIT\\n' >>/etc/ufw/before.rules
    """, lines=["    hairpin: 10.1.0.0/24\n"]),
    "ufw-forward": ufw("""
        ufw route allow proto tcp to 10.1.0.20 port 22
        ufw allow 22/tcp
        printf '*nat\\n:PREROUTING ACCEPT [0:0]\\n-A PREROUTING -d 192.0.2.1 -p tcp --dport 2222 -j DNAT --to-destination 10.1.0.20:22\\nCOMMIT\\n' >>/etc/ufw/before.rules
    """),
    "ufw-outgoing": ufw("""
        ufw default deny outgoing
        ufw allow out 53
        ufw allow out 80,443/tcp
        ufw allow 22/tcp
    """, reasons=["wider udp/67 from 68-546: every host needs it"]),
    "ufw-ranges": ufw("""
        ufw allow 6000:6007/tcp
        ufw allow 8000:8100/udp
        ufw allow from 10.1.0.0/24
    """),
    "ufw-own-address": ufw("""
        ufw allow from any to 192.0.2.1 port 443 proto tcp
    """),
    # Bans end by themselves: they stay in the table of fail2ban, and do not become `deny`.
    "ufw-fail2ban": beside("fail2ban", """
        ufw allow 22/tcp
    """, absent=["192.0.2.66", "deny:"], findings=["foreign-override"]),
    # Docker lets in everybody at a port that it publishes, whatever ufw says, and goes on to translate it.
    "ufw-docker": beside("docker", """
        ufw allow 22/tcp
    """, lines=["    ports: 8081/tcp\n    from: any\n"]),
    "firewalld-default": firewalld("""
        firewall-offline-cmd --zone=public --add-interface=eth0
    """),
    "firewalld-services": firewalld("""
        firewall-offline-cmd --zone=public --add-service=http
        firewall-offline-cmd --zone=public --add-service=https
        firewall-offline-cmd --zone=public --add-service=wireguard
        firewall-offline-cmd --zone=public --add-port=8080/tcp
    """, lines=["\n  wireguard:\n    ports: 51820/udp\n"]),
    "firewalld-zones": firewalld("""
        firewall-offline-cmd --zone=internal --add-interface=eth1
        firewall-offline-cmd --zone=internal --add-service=postgresql
        firewall-offline-cmd --zone=public --add-interface=eth0
    """),
    "firewalld-sources": firewalld("""
        firewall-offline-cmd --zone=trusted --add-source=192.0.2.0/28
        firewall-offline-cmd --zone=drop --add-source=203.0.113.0/24
        firewall-offline-cmd --zone=public --add-service=http
    """),
    "firewalld-rich-rules": firewalld("""
        firewall-offline-cmd --zone=public --add-rich-rule='rule family=ipv4 source address=192.0.2.10 service name=mysql log prefix=mysql level=info limit value=5/m accept'
        firewall-offline-cmd --zone=public --add-rich-rule='rule family=ipv4 source address=192.0.2.66 reject'
        firewall-offline-cmd --zone=public --add-rich-rule='rule family=ipv4 source address=192.0.2.0/24 service name=http accept limit value=50/m'
    """),
    "firewalld-forward-port": firewalld("""
        firewall-offline-cmd --zone=public --add-forward-port=port=80:proto=tcp:toport=8080
        firewall-offline-cmd --zone=public --add-forward-port=port=2222:proto=tcp:toport=22:toaddr=10.1.0.20
    """, verdict="incomparable", reasons=["also translates what is dialled at addresses of other hosts"]),
    "firewalld-masquerade": firewalld("""
        firewall-offline-cmd --zone=external --add-interface=eth0
        firewall-offline-cmd --zone=internal --add-interface=eth1
        firewall-offline-cmd --new-policy=out
        firewall-offline-cmd --policy=out --add-ingress-zone=internal
        firewall-offline-cmd --policy=out --add-egress-zone=external
        firewall-offline-cmd --policy=out --set-target=ACCEPT
    """, lines=["masquerade:"], masquerades=True),
    "firewalld-icmp-block": firewalld("""
        firewall-offline-cmd --zone=public --add-icmp-block=echo-request
        firewall-offline-cmd --zone=public --add-service=dns
    """),
    "firewalld-policy": firewalld("""
        firewall-offline-cmd --zone=public --add-interface=eth0
        firewall-offline-cmd --zone=internal --add-interface=eth1
        firewall-offline-cmd --new-policy=lan
        firewall-offline-cmd --policy=lan --add-ingress-zone=internal
        firewall-offline-cmd --policy=lan --add-egress-zone=HOST
        firewall-offline-cmd --policy=lan --add-port=8443/tcp
    """),
    "firewalld-ipset": firewalld("""
        firewall-offline-cmd --new-ipset=blocked --type=hash:net
        firewall-offline-cmd --ipset=blocked --add-entry=203.0.113.0/24
        firewall-offline-cmd --zone=drop --add-source=ipset:blocked
        firewall-offline-cmd --zone=public --add-service=smtp
    """),
    "firewalld-drop": firewalld("""
        firewall-offline-cmd --set-default-zone=drop
        firewall-offline-cmd --zone=drop --add-service=ssh
    """, verdict="wider", replies=False),
}
