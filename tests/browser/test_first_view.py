"""What a reader's first view costs, and that nothing in it complains, moves or asks anybody else."""


def test_every_kind_of_page_is_light_and_still(open_page, served, kind):
    page = open_page(served.address + kind, viewport={"width": 360, "height": 740})
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)
    asked = {path.partition("?")[0]: size for path, _, size in served.asked}
    assert served.address.endswith("/reporter/")
    assert all(path.startswith("/reporter/") for path in asked)
    assert [path for path, status, _ in served.asked if status != 200] == []
    assert sum(asked.values()) <= 100_000
    assert page.evaluate("shift") <= 0.02
    assert page.locator("h1").count() == 1


def test_a_policy_forbids_what_is_not_the_sites_own(browser, served):
    page = browser.new_page()
    refused = []
    page.expose_function("tell", lambda *seen: refused.append(seen))
    page.add_init_script("addEventListener('securitypolicyviolation', (e) => tell(e.effectiveDirective, e.blockedURI))")
    page.goto(served.address + "germany-cases/2025-06-28/")
    page.evaluate("""() => {
      const script = document.createElement("script");
      script.textContent = "window.hurt = true";
      document.body.append(script);
      const image = new Image();
      image.src = "http://127.0.0.1:9/spy.png";
      document.body.append(image);
      document.body.insertAdjacentHTML("beforeend", "<p id=styled style='color:red'>x</p><a id=b onclick='hurt=1'></a>");
      document.getElementById("b").click();
      return new Promise((done) => setTimeout(done, 300));
    }""")
    assert not page.evaluate("window.hurt")
    assert {directive for directive, _ in refused} == {
        "script-src-elem",
        "script-src-attr",
        "style-src-attr",
        "img-src",
    }
    page.close()
