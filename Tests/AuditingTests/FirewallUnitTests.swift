import Auditing
import Testing

@Suite("Services that flush portreeve's table")
struct FirewallUnitTests {
    /// The findings on a host with these files.
    private func findings(_ texts: [String: String], severity: Finding.Severity = .warning) -> [String] {
        let files = UnitFiles(
            names: { directory in
                let inside = texts.keys.filter { $0.hasPrefix(directory + "/") }.map {
                    $0.dropFirst(directory.count + 1).prefix { $0 != "/" }
                }
                return Set(inside.map(String.init)).sorted()
            }, text: { texts[$0] })
        return FirewallUnits(files).findings.map { finding in
            #expect(finding.identifier == .foreignOverride && finding.severity == severity)
            return String(finding.message.prefix { $0 != ":" })
        }
    }

    private let wants = "/etc/systemd/system/multi-user.target.wants"
    private let nftables = """
        [Unit]
        Description=nftables
        [Service]
        Type=oneshot
        ExecStart=/usr/sbin/nft -f /etc/nftables.conf
        ExecReload=/usr/sbin/nft -f /etc/nftables.conf
        ExecStop=/usr/sbin/nft flush ruleset
        """

    @Test("Debian's nftables.service, enabled, with its own rules file and with another")
    func debian() {
        var files = [
            "/lib/systemd/system/nftables.service": nftables,
            "/etc/nftables.conf": "#!/usr/sbin/nft -f\n\nflush ruleset\n",
        ]
        #expect(findings(files) == [])
        files["\(wants)/nftables.service"] = nftables
        let head = "nftables.service is enabled and flushes every ruleset, portreeve's too, when it "
        #expect(findings(files) == [head + "starts, is reloaded or stops"])
        // A drop-in gives portreeve's table back; it must do so on each occasion.
        let restore = "=-/bin/systemctl --no-block start portreeve-restore.service\n"
        files["/lib/systemd/system/nftables.service.d/portreeve.conf"] =
            "[Service]\nExecStartPost\(restore)ExecReload\(restore)"
        #expect(findings(files) == [head + "starts, is reloaded or stops"])
        files["/lib/systemd/system/nftables.service.d/portreeve.conf"]? += "ExecStopPost\(restore)"
        #expect(findings(files, severity: .notice) == [head + "starts, is reloaded or stops"])
        files["/lib/systemd/system/nftables.service.d/portreeve.conf"] = nil
        files["/etc/nftables.conf"] = "# flush ruleset\nflush ruleset ip\nadd table inet mine\nflush table inet mine\n"
        #expect(findings(files) == [head + "stops"])
        // A drop-in resets a command; the drop-in in /etc replaces the one of the same name in /lib.
        files["/lib/systemd/system/nftables.service.d/own.conf"] = "[Service]\nExecStop=/usr/sbin/nft flush ruleset\n"
        files["/etc/systemd/system/nftables.service.d/own.conf"] =
            "[Service]\nExecStop=\nExecStop=/usr/sbin/nft delete table inet mine\n"
        #expect(findings(files) == [])
        files["/etc/systemd/system/nftables.service"] = ""
        files["/etc/systemd/system/nftables.service.d/own.conf"] = nil
        #expect(findings(files) == [])
    }

    @Test("A service that is active and not enabled")
    func active() {
        var files = ["/lib/systemd/system/nftables.service": nftables, "/etc/nftables.conf": "flush ruleset\n"]
        files["/run/systemd/units/invocation:nftables.service"] = "0123456789abcdef"
        files["/run/systemd/units/invocation:ssh.service"] = "0123456789abcdef"
        let head = "nftables.service is active and flushes every ruleset, portreeve's too, when it "
        #expect(findings(files) == [head + "starts, is reloaded or stops"])
    }

    @Test("Scripts and shells")
    func scripts() {
        let unit = "[Service]\nExecStart=-/usr/local/sbin/firewall start\n"
        let files = [
            "/etc/systemd/system/fw.service": unit, "\(wants)/fw.service": unit,
            "/usr/local/sbin/firewall": "#!/bin/sh\nset -e\nnft 'flush ruleset'; nft -f /etc/rules\n",
            "/etc/systemd/system/sh.service": "[Service]\nExecStartPre=/bin/sh -c \"nft \\\n  flush ruleset\"\n",
            "/etc/systemd/system/network.target.requires/sh.service": "",
            "/etc/systemd/system/ok.service": "[Service]\nExecStart=/usr/bin/nft list ruleset\n",
            "\(wants)/ok.service": "",
            "\(wants)/gone.service": "",
            "/usr/lib/systemd/system/at@.service": "[Service]\nExecStop=nft flush ruleset\n",
            "\(wants)/at@eth0.service": "",
        ]
        let tail = "is enabled and flushes every ruleset, portreeve's too, when it"
        #expect(
            findings(files) == [
                "at@eth0.service \(tail) stops", "fw.service \(tail) starts",
                "sh.service \(tail) starts",
            ])
    }

    @Test("Other firewalls; ufw only if it is switched on, portreeve's own services never")
    func firewalls() {
        let unit = "[Service]\nExecStart=/usr/sbin/it\n"
        var files: [String: String] = [:]
        for name in ["firewalld", "ufw", "portreeve", "sshd"] {
            files["/usr/lib/systemd/system/\(name).service"] = unit
            files["\(wants)/\(name).service"] = unit
        }
        files["/etc/ufw/ufw.conf"] = "# a\nENABLED=no\n"
        #expect(findings(files) == ["firewalld.service is enabled beside portreeve"])
        files["/etc/ufw/ufw.conf"] = "ENABLED=yes\nLOGLEVEL=low\n"
        #expect(
            findings(files) == [
                "firewalld.service is enabled beside portreeve", "ufw.service is enabled beside portreeve",
            ])
    }
}
