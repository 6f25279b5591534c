internal import Glibc

/// systemd, where it is the first process of the host.
public enum ServiceManager {
    /// Whether systemd is the first process, and takes orders from this user: sd_booted(3).
    public static var isRunning: Bool {
        geteuid() == 0 && ProcFile.exists("/run/systemd/system")
            && ProcFile.text("/proc/1/comm")?.hasPrefix("systemd") == true
    }

    private static let programs = ["/usr/bin/systemd-run", "/bin/systemd-run"]
    /// The timeout until a unit has started, in milliseconds.
    private static let patience: Int64 = 15_000
    /// The timeout of a query, in milliseconds.
    private static let queryPatience: Int64 = 5_000
    private static let notifySocket = "NOTIFY_SOCKET"

    /// Starts this program with other arguments as a transient unit, and waits until it reports that it is ready.
    ///
    /// The unit is the manager's: it outlives the session and the cgroup of this process, and is started again if it is
    /// killed, however often.
    ///
    /// - Parameters:
    ///   - unit: the name of the unit.
    ///   - description: one sentence for `systemctl status`.
    ///   - arguments: the words of its command line.
    ///   - properties: more properties, as in systemd.exec(5).
    /// - Throws: `io`; then the unit is not running.
    public static func start(
        _ unit: String, _ description: String, arguments: [String], properties: [String] = []
    ) throws(KernelError) {
        let attempt = "starting unit \(unit)"
        let own = [
            "Restart=on-failure", "RestartSec=200ms", "StartLimitIntervalSec=0", "NotifyAccess=main",
            "TimeoutStartSec=\(patience / 1000)", "OOMScoreAdjust=-900",
            // A unit that runs early in a boot, or while the host goes down, must not wait for the rest of it.
            "DefaultDependencies=no", "Conflicts=shutdown.target", "Before=shutdown.target",
        ]
        let options =
            ["--quiet", "--no-ask-password", "--collect", "--service-type=notify", "--unit=\(unit)"]
            + ["--description=\(description)"] + (own + properties).map { "--property=\($0)" }
        do throws(SystemError) {
            guard let program = programs.first(where: ProcFile.exists) else {
                throw SystemError(code: ENOENT, text: "systemd-run is not installed")
            }
            guard let executable = FileSystem.linkTarget("/proc/self/exe") else { throw SystemError(code: ENOENT) }
            let run = try ProgramRun(
                program, options + ["--", executable] + arguments, capturing: .error, within: patience)
            guard run.status == 0 else {
                let lines = run.text.split(separator: "\n").first.map(String.init)
                throw SystemError(code: 0, text: lines ?? "systemd-run exited with \(run.status)")
            }
        } catch { throw error.during(attempt) }
    }

    /// The output of `systemctl` with these arguments; `nil` if systemd is not the first process, or `systemctl` fails.
    static func output(of arguments: [String]) -> String? {
        guard isRunning, let program = ["/usr/bin/systemctl", "/bin/systemctl"].first(where: ProcFile.exists) else {
            return nil
        }
        let run = try? ProgramRun(program, arguments, capturing: .output, within: queryPatience)
        return run?.status == 0 ? run?.text : nil
    }

    /// Whether this process runs in a unit: systemd.exec(5).
    public static var hasStartedThis: Bool { HostCalls.variable("INVOCATION_ID") != nil }

    /// Whether the manager started this process, waits until it is ready, and restarts it.
    public static var isSupervising: Bool { HostCalls.variable(notifySocket) != nil }

    /// Reports to the manager that this process is ready: sd_notify(3).
    public static func sayReady() {
        if let socket = HostCalls.variable(notifySocket) { HostCalls.tell(socket, "READY=1") }
    }
}
