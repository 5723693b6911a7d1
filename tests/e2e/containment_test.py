#!/usr/bin/python3
"""What a sandbox must not reach, tried from inside one: whatever it sends, nothing arrives outside but what was allowed."""

import json
import unittest

from world import DNS4, HOST4, LAN4, METADATA4, ULA6, WEB4, World

world = guest = neighbour = None


def setUpModule():
    global world, guest, neighbour
    world = World()
    # The most permissive policy that there is: what is refused here is refused by the floor and the jail.
    guest = world.sandbox("agent-1", defaultAction="allow")
    neighbour = world.sandbox("agent-2", defaultAction="allow")


def tearDownModule():
    world.close()


def curl(url, *arguments):
    done = guest.run("curl", "-sS", "-m", "60", "-w", "\\n%{http_code}", *arguments, url)
    body, _, status = done.stdout.rpartition("\n")
    return body, status, done


class Containment(unittest.TestCase):
    def setUp(self):
        self.before = world.packets("other")

    def tearDown(self):
        self.assertEqual(world.packets("other"), self.before, "a packet reached an address that nobody allowed")

    def assertFloor(self, url):
        body, status, done = curl(url)
        self.assertEqual(status, "403", f"{url}: {done.stdout} {done.stderr}")
        self.assertEqual(json.loads(body)["step"], "floor", body)

    def test_allowed_traffic_passes(self):
        self.assertEqual(curl("https://web.example.com/")[:2], ("hello from the outside\n", "200"))
        self.assertEqual(curl("https://v6.example.com/")[1], "200")

    def test_literal_address(self):
        self.assertEqual(curl(f"http://{WEB4}/")[1], "200")

    def test_floor_by_address(self):
        for address in (LAN4, METADATA4, "192.168.1.1", "172.16.0.1", HOST4, f"[{ULA6}]", "[::ffff:10.9.9.9]"):
            with self.subTest(address):
                self.assertFloor(f"http://{address}/")

    def test_spellings_of_an_address(self):
        # 10.9.9.9 in hexadecimal, octal and decimal, and inside IPv6: mapped, NAT64, 6to4, compatible.
        for address in ("0x0a.9.9.9", "0x0a090909", "012.011.9.9", "168364297", "10.9.2313",
                        "[::ffff:10.9.9.9]", "[::ffff:a09:909]", "[64:ff9b::a09:909]", "[2002:a09:909::]", "[::a09:909]"):  # fmt: skip
            with self.subTest(address):
                self.assertFloor(f"http://{address}/")

    def test_names_that_spell_an_address(self):
        # A program asks the resolver for such a name by itself; whoever looks it up outside must not take it for an address.
        script = (
            "import socket,struct,sys\n"
            "name=sys.argv[1]\n"
            "q=struct.pack('>6H',7,256,1,0,0,0)+b''.join(bytes([len(l)])+l.encode() for l in name.split('.'))+b'\\0'+struct.pack('>2H',1,1)\n"
            "s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.settimeout(60); s.connect(('9.9.9.9',53)); s.send(q); r=s.recv(4096)\n"
            "if not struct.unpack('>H',r[6:8])[0]: print('no address'); sys.exit()\n"
            "c=socket.create_connection(('.'.join(map(str,r[-4:])),80)); c.settimeout(60)\n"
            "try: c.sendall(('GET / HTTP/1.1\\r\\nHost: '+name+'\\r\\nConnection: close\\r\\n\\r\\n').encode()); print(c.recv(4096).decode())\n"
            "except ConnectionResetError: print('reset')\n"
        )
        for name in ("0x0a.9.9.9", "0x0a090909", "012.011.9.9", "168364297", "10.9.2313", "10.9.9.9"):
            with self.subTest(name):
                out = guest.run("python3", "-c", script, name).stdout
                self.assertRegex(out, "no address|reset|HTTP/1.1 (400|403|421|502)", out)

    def test_floor_by_name(self):
        for name in ("lan.example.com", "metadata.example.com", "loopback.example.com", "self.example.com"):
            with self.subTest(name):
                self.assertFloor(f"http://{name}/")

    def test_another_sandbox(self):
        address = neighbour.run("hostname", "-I").stdout.split()[0]
        self.assertFloor(f"http://{address}/")

    def test_name_and_host_must_agree(self):
        body, status, _ = curl("https://web.example.com/", "-H", "Host: other.example.com")
        self.assertEqual(status, "421", body)
        # The connection is made to one name, the TLS handshake says another.
        _, _, done = curl("https://other.example.com/", "--connect-to", "other.example.com:443:web.example.com:443")
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(world.served("other.example.com"), [])

    def test_a_bad_certificate_is_not_passed(self):
        for name in ("expired.example.com", "untrusted.example.com"):
            with self.subTest(name):
                body, status, _ = curl(f"https://{name}/")
                self.assertEqual(status, "502", body)
                self.assertEqual(json.loads(body)["error"], "upstream_failed")

    def test_udp_is_refused_not_swallowed(self):
        script = (
            "import socket,sys\n"
            "s=socket.socket(socket.AF_INET6 if ':' in sys.argv[1] else socket.AF_INET,socket.SOCK_DGRAM); s.settimeout(60)\n"
            "s.connect((sys.argv[1],int(sys.argv[2]))); s.send(b'x')\n"
            "try: s.recv(1); print('answered')\n"
            "except OSError as e: print(type(e).__name__, e.errno)\n"
        )
        for address, port in ((WEB4, 443), (DNS4, 123), (LAN4, 5000), ("2001:db8::10", 443)):
            with self.subTest(address):
                out = guest.run("python3", "-c", script, address, str(port)).stdout
                self.assertRegex(out, "PermissionError|ConnectionRefusedError|OSError (13|111|113)", "refused by ICMP, at once")

    def test_icmp(self):
        script = (
            "import socket,os\n"
            "s=socket.socket(socket.AF_INET,socket.SOCK_RAW,socket.IPPROTO_ICMP); s.settimeout(3)\n"
            f"s.sendto(bytes.fromhex('0800f7ff00000000'),('{DNS4}',0))\n"
            "print('sent')\n"
        )
        self.assertIn("sent", guest.run("python3", "-c", script).stdout)

    def test_raw_ipv6_and_spoofed_source(self):
        script = (
            "import socket\n"
            "s=socket.socket(socket.AF_PACKET,socket.SOCK_RAW); s.bind(('eth0',0))\n"
            "mac=open('/sys/class/net/eth0/address').read().strip().replace(':','')\n"
            "v6='86dd'+'6000000000083bff'+'20010db8000000000000000000000099'+'20010db8000000000000000000000010'+'0001000100080000'\n"
            "v4='0800'+'4500001c0001000040110000'+'cb007163'+'cb00710a'+'0035003500080000'\n"
            "for n in range(20):\n"
            " for payload in (v6,v4): s.send(bytes.fromhex('ffffffffffff'+mac+payload))\n"
            "print('sent')\n"
        )
        self.assertIn("sent", guest.run("python3", "-c", script).stdout)

    def test_dns_stays_here(self):
        script = (
            "import socket,struct,sys\n"
            "name,kind,server,tcp=sys.argv[1],int(sys.argv[2]),sys.argv[3],sys.argv[4]=='tcp'\n"
            "q=struct.pack('>6H',7,256,1,0,0,0)+b''.join(bytes([len(l)])+l.encode() for l in name.split('.'))+b'\\0'+struct.pack('>2H',kind,1)\n"
            "s=socket.socket(socket.AF_INET,socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM); s.settimeout(60); s.connect((server,53))\n"
            "s.send((struct.pack('>H',len(q)) if tcp else b'')+q); r=s.recv(4096); r=r[2:] if tcp else r\n"
            "print(r[3]&15, struct.unpack('>H',r[6:8])[0], '.'.join(map(str,r[-4:])))\n"
        )

        def ask(name, kind, server, transport):
            return guest.run("python3", "-c", script, name, str(kind), server, transport).stdout.split()

        for transport in ("udp", "tcp"):
            with self.subTest(transport):
                code, answers, address = ask("web.example.com", 1, DNS4, transport)
                self.assertEqual((code, answers), ("0", "1"))
                self.assertTrue(address.startswith("198.18.") or address.startswith("198.19."), address)
        self.assertEqual(ask("web.example.com", 65, DNS4, "udp")[:2], ["0", "0"])  # HTTPS records: none
        sixty = ".".join(["abc"] * 60)
        self.assertIn(ask(sixty, 1, DNS4, "udp")[0], ("0", "1", "2", "3", "5"))

    def test_tcp_to_other_ports_is_caught(self):
        script = "import socket; s=socket.create_connection(('%s',%d),60); s.settimeout(60); s.send(b'EHLO\\r\\n'); print(s.recv(10))"
        done = guest.run("python3", "-c", script % (LAN4, 25))
        self.assertIn("ConnectionResetError", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
