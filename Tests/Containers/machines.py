"""The host with its networks, and the daemon on it."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent


def run(*command, check=True, **options):
    """Runs a command; returns its result with its output as text."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120, **options)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done


def build_host():
    """Two networks with clients; every client has a network namespace, and its addresses there."""
    run("mount", "--make-rprivate", "/")
    # The daemon's directories, where portreeve looks for the names of containers.
    for folder in ("/run", "/var/lib"):
        run("mount", "-t", "tmpfs", "none", folder)
    script = """
        ip link set lo up
        for key in net.ipv4.ip_forward net.ipv6.conf.all.forwarding; do sysctl -qw $key=1; done
        client() { ip netns add $1; ip link add $2 type veth peer name eth0 netns $1; ip link set $2 up
          ip -n $1 link set lo up; ip -n $1 link set eth0 up; }
        client office eth0; client far eth1
        for address in 198.51.100.1/24 198.51.100.2/24; do ip addr add $address dev eth0; done
        for address in 198.51.100.10/24 198.51.100.66/24; do ip -n office addr add $address dev eth0; done
        ip addr add 2001:db8:1::1/64 dev eth0 nodad
        for address in 2001:db8:1::10/64 2001:db8:1::66/64; do ip -n office addr add $address dev eth0 nodad; done
        ip addr add 203.0.113.1/24 dev eth1; ip -n far addr add 203.0.113.9/24 dev eth0; ip -n far route add default via 203.0.113.1
    """
    run("sh", "-ec", script)


def attempt(namespace, attempts):
    """The outcomes of attempts from the network namespace at this path."""
    done = run("nsenter", f"--net={namespace}", sys.executable, "-B", str(HERE / "attempts.py"), input=json.dumps(attempts))
    return json.loads(done.stdout)


class Docker:
    """A dockerd with its own directories, and an image with a web server and a datagram server."""

    def __init__(self, root, work):
        self.work, self.process, self.answering = work, None, set()
        # Its programs come first; iptables and ip are those of this host.
        os.environ["PATH"] = f"{root}/usr/sbin:{root}/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        os.environ["DOCKER_HOST"] = f"unix://{work}/socket"
        self.busybox = f"{root}/bin/busybox"

    def start(self):
        options = [
            "--exec-root", f"{self.work}/exec", "--pidfile", f"{self.work}/pid", "--host",
            os.environ["DOCKER_HOST"], "--storage-driver", "vfs", "--ipv6", "--fixed-cidr-v6", "fd00:17::/64", "--ip6tables",
            "--experimental", "--live-restore=false"]
        log = open(f"{self.work}/log", "a")
        self.process = subprocess.Popen(["dockerd", *options], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        for _ in range(300):
            if run("docker", "version", check=False).returncode == 0:
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise RuntimeError(f"dockerd does not start: {pathlib.Path(self.work, 'log').read_text()[-2000:]}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)

    def make_image(self):
        folder = pathlib.Path(self.work, "image", "bin")
        folder.mkdir(parents=True)
        (folder / "busybox").write_bytes(pathlib.Path(self.busybox).read_bytes())
        (folder / "busybox").chmod(0o755)
        for name in ("sh", "httpd", "sleep"):
            (folder / name).symlink_to("busybox")
        run("sh", "-ec", f"tar -C {folder.parent} -c . | docker import - box")

    def container(self, name, script, *options):
        """Starts a container; returns the path of its network namespace."""
        run("docker", "run", "--detach", "--restart", "unless-stopped", "--name", name, *options, "box", "sh", "-c", script)
        return self.namespace(name)

    def answer(self, name, port):
        """Answers datagrams in the network namespace of a container: the image has no program for that."""
        echo = ("import socket; s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.bind(('::', %d)); print(flush=True)\n"
                "while True: s.sendto(*s.recvfrom(9))")
        place = os.stat(self.namespace(name)).st_ino
        if place in self.answering:
            return
        server = subprocess.Popen(["nsenter", f"--net={self.namespace(name)}", sys.executable, "-c", echo % port], stdout=subprocess.PIPE)
        server.stdout.readline()
        self.answering.add(place)

    def namespace(self, name):
        pid = run("docker", "inspect", "--format", "{{.State.Pid}}", name).stdout.strip()
        return f"/proc/{pid}/ns/net"

    def id(self, name):
        return run("docker", "inspect", "--format", "{{.Id}}", name).stdout.strip()

    def address(self, name):
        networks = json.loads(run("docker", "inspect", "--format", "{{json .NetworkSettings.Networks}}", name).stdout)
        return next(iter(networks.values()))["IPAddress"]
