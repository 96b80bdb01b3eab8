// Nobody clicks here, and permissions are given by the browser's flags: a test that needs more fails at once, in every mode.
(() => {
  const driver = window.test_driver_internal;
  if (!driver) return;
  driver.in_automation = true;
  driver.set_permission = () => Promise.resolve();
  driver.click = () => Promise.reject(new Error("nobody clicks"));
})();
