// Because the page's policy allows no inline script, this stands in a file of its own.
SwaggerUIBundle({ url: "/openapi.json", dom_id: "#reference", validatorUrl: null, deepLinking: true });
